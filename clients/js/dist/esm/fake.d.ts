/**
 * A world of a fake: where an application finds it, and its admin API.
 *
 * Each method sends the operation that it names; the generated types know its body and its answer.
 */
import type { AssetTimeline, AssetView, BodyOf, CallReport, Clock, Credits, Download, EventByHand, Exchange, Failure, Fault, Finding, Health, MadeSession, PlacedFault, QueryOf, Recording, Replayed, RunwayOperation, Scenario, ScenarioData, ScenarioLine, ScriptStep, ServedSpec, SessionForm, SessionView, StreamEvent, TaskEventByHand, TaskState, TaskTimeline, TaskView, Viewer, Snapshot, Span, State, TimelineView, World } from "./shapes.js";
import { Transport } from "./transport.js";
import type { Address } from "./transport.js";
import type { CallMatch, Expectation } from "./verifying.js";
/** What is left of a history. Compares as an array. */
export interface Kept<Item> extends ReadonlyArray<Item> {
    /** How many more there were that are no longer kept. */
    readonly gone: number;
    /** Those no longer kept that may belong here as well. */
    readonly uncertain: number;
}
/** Exchanges that match a filter, oldest first. */
export interface Exchanges extends Kept<Exchange> {
    /** How many match, those that are gone included. */
    readonly total: number;
    /** Entries that the journal no longer has, of any kind. */
    readonly dropped: number;
}
/** A world's clock. It only moves forward. */
export declare class FakeClock {
    private readonly transport;
    constructor(transport: Transport);
    /** Return the world's instant, POSIX seconds. */
    now(): Promise<number>;
    /** Return its instant, its rate, and when the next event is due. */
    get(): Promise<Clock>;
    /** Move it forward; every event that is due until then happens at its own instant. */
    jump(by: Span): Promise<Clock>;
    /** Move it forward to an instant, POSIX seconds. */
    jumpTo(instant: number): Promise<Clock>;
    /**
     * Move it forward to the next due event.
     *
     * @throws Conflict - no event is due
     */
    next(): Promise<Clock>;
    /** Stop it. */
    freeze(): Promise<Clock>;
    /** Set how many seconds pass in the world per real second. */
    setRate(rate: number): Promise<Clock>;
}
/**
 * What the avatar of a session can be told.
 *
 * An avatar is at work from the first join to the end of the call. Every method returns the session
 * as it is then, and rejects with a Conflict where no avatar is at work.
 */
export declare class Directions {
    #private;
    constructor(transport: Transport, sessionId: string);
    /** Let the avatar say a text, at 2.5 words a second unless told otherwise. */
    say(text: string, { words_per_s }?: {
        words_per_s?: number;
    }): Promise<SessionView>;
    /** Let the avatar send a client event. */
    clientEvent(tool: string, args?: Record<string, unknown>): Promise<SessionView>;
    /** Let the avatar call a tool of the backend; the timeline gets the answer. */
    callTool(tool: string, args?: Record<string, unknown>, { within }?: {
        within?: Span;
    }): Promise<SessionView>;
    /** Let the avatar end the call. */
    hangUp(): Promise<SessionView>;
    /**
     * Return what lets its holder watch the call by WHEP, unseen, for as long as it lasts.
     *
     * @throws Conflict - the session is over, or its room is on a LiveKit server
     */
    watch(): Promise<Viewer>;
    /** Let the avatar do some steps, each as in the `script` of a scenario file. */
    direct(...steps: ScriptStep[]): Promise<SessionView>;
}
/** A session as it was when it was read, and what its avatar can be told. */
export type FakeSession = SessionView & Directions;
/** A world's sessions: read, created and changed without the Runway API. */
export declare class FakeSessions {
    private readonly transport;
    constructor(transport: Transport);
    /** Return the newest sessions, newest first; at most `limit` (100). */
    list(query?: {
        state?: State;
        limit?: number;
    }): Promise<Kept<SessionView>>;
    /**
     * Return one session, whose avatar can be told what to do.
     *
     * @throws NoSuch
     */
    get(id: string): Promise<FakeSession>;
    /** Create a session and bring it into a state (by default: provisioning, as a create does). */
    make(state?: State, more?: {
        max_duration_s?: number;
        failure?: Failure;
    }): Promise<MadeSession>;
    /**
     * Apply an event to a session.
     *
     * @param more - the failure, for the event `failed`
     * @throws Conflict - the event is not allowed in the session's state
     */
    occur(id: string, event: EventByHand, more?: {
        failure?: Failure;
    }): Promise<SessionView>;
    /** Apply the event `failed` to a session. */
    fail(id: string, code?: string, text?: string): Promise<SessionView>;
    /**
     * Report what happened in the room of a session, as its room does.
     *
     * @throws Conflict - it contradicts the call so far, or the session has no room
     */
    report(id: string, report: CallReport): Promise<SessionView>;
    /** Return the timeline of a session, as data and as lines of text. */
    timeline(id: string): Promise<TimelineView>;
}
/** A world's tasks, as the world knows them. */
export declare class FakeTasks {
    private readonly transport;
    constructor(transport: Transport);
    /** Return the newest tasks, newest first; at most `limit` (100). */
    list(query?: {
        state?: TaskState;
        limit?: number;
    }): Promise<Kept<TaskView>>;
    /**
     * Return one task, also one that a client has deleted.
     *
     * @throws NoSuch
     */
    get(id: string): Promise<TaskView>;
    /** Create a task, a film of five seconds, and bring it into a state (by default: pending). */
    make(state?: TaskState, more?: {
        failure?: Failure;
    }): Promise<TaskView>;
    /**
     * Apply an event to a task.
     *
     * @param more - the failure, for the event `failed`
     * @throws Conflict - the event is not allowed in the task's state
     */
    occur(id: string, event: TaskEventByHand, more?: {
        failure?: Failure;
    }): Promise<TaskView>;
    /** Apply the event `failed` to a task. */
    fail(id: string, code?: string, text?: string): Promise<TaskView>;
    /** Report what a client did with an output, where it does not ask the fake for it. */
    reportDownload(id: string, report?: Partial<Download>): Promise<TaskView>;
    /** Return the timeline of a task, as data and as lines of text. */
    timeline(id: string): Promise<TaskTimeline>;
    /** Return the paths of a task's outputs on the server; none before it has succeeded. */
    outputs(id: string): Promise<string[]>;
}
/** A world's avatars, voices and documents, as the world knows them. */
export declare class FakeAssets {
    private readonly transport;
    constructor(transport: Transport);
    /** Return the newest ones, newest first; at most `limit` (100). */
    list(query?: QueryOf<"listAssets">): Promise<Kept<AssetView>>;
    /**
     * Return one, also one that was deleted and is still kept.
     *
     * @throws NoSuch
     */
    get(name: string): Promise<AssetView>;
    /** Make one in any state, without limit and without charge. */
    make(body: BodyOf<"makeAsset">): Promise<AssetView>;
    /**
     * Let an event happen to one.
     *
     * @throws Conflict - it cannot happen in the state that it is in
     */
    occur(name: string, body: BodyOf<"occurToAsset">): Promise<AssetView>;
    /** Return the timeline of one, as data and as lines of text. */
    timeline(name: string): Promise<AssetTimeline>;
}
type Filter = Omit<QueryOf<"getJournal">, "before">;
/** The requests of a world's clients, and their answers. */
export declare class FakeJournal {
    private readonly transport;
    constructor(transport: Transport);
    /**
     * Return the exchanges that match, oldest first: all that are kept, or the newest.
     *
     * @param filter - `limit`: how many of the newest; without one all, page by page
     */
    list({ limit, ...filter }?: Filter): Promise<Exchanges>;
    /** Return the requests for unknown routes, each with the nearest known route. */
    unmatched({ limit }?: {
        limit?: number;
    }): Promise<Exchanges>;
    /** Delete all entries; the run so far can no longer be replayed. */
    clear(): Promise<void>;
}
/** The credits of a world's account. */
export declare class FakeCredits {
    private readonly transport;
    constructor(transport: Transport);
    /** Return the credits that are left, and those that were spent. */
    get(): Promise<Credits>;
    /** Set how many credits are left. */
    set(left: number): Promise<Credits>;
}
/** A fault that was added, as it was then. */
export declare class FaultHandle {
    private readonly transport;
    readonly view: PlacedFault;
    constructor(transport: Transport, view: PlacedFault);
    /** What the journal calls it. */
    get name(): string;
    /**
     * Remove it.
     *
     * @throws NoSuch - it was removed before
     */
    remove(): Promise<void>;
}
/** How a world begins. */
export interface WorldOptions {
    /** A name of `fake-runway scenarios list`, or data as in a scenario file. */
    scenario?: string | ScenarioData | undefined;
    /** What its ids and random choices follow from. */
    seed?: string | number | undefined;
    /** Seconds that pass in it per real second; 0: its clock stands still. */
    rate?: number | undefined;
    /** Faults as in a scenario file. */
    faults?: readonly Fault[] | undefined;
}
/** The names of the worlds of one test: the first, and those created from it. */
interface WorldNames {
    readonly prefix: string;
    readonly all: string[];
}
/**
 * A world of a fake.
 *
 * Every method rejects with an `AdminError` when the server rejects the request.
 */
export declare class Fake {
    readonly clock: FakeClock;
    readonly sessions: FakeSessions;
    /** Its tasks. */
    readonly tasks: FakeTasks;
    /** Its avatars, voices and documents. */
    readonly assets: FakeAssets;
    readonly journal: FakeJournal;
    readonly credits: FakeCredits;
    private readonly transport;
    private readonly names;
    /**
     * @param address - of the server
     * @param world - created when first used; undefined: the only one of the server
     */
    constructor(address: Address, world?: string, names?: WorldNames);
    /** The world's name; undefined: the only one of the server. */
    get name(): string | undefined;
    /** The base URL by which an application reaches this world. */
    get baseUrl(): string;
    /** An API secret that it accepts. */
    get secret(): string;
    /** RUNWAYML_BASE_URL and RUNWAYML_API_SECRET, which both official SDKs read. */
    get env(): {
        RUNWAYML_BASE_URL: string;
        RUNWAYML_API_SECRET: string;
    };
    /** Set the variables of `env` in this process, and return what restores them. */
    use(variables?: NodeJS.ProcessEnv): () => void;
    /** Return another world of the same server, by its name or a new one. */
    world(name?: string): Fake;
    /** The other worlds of the same test. */
    get others(): Fake[];
    private beside;
    /** Return the server's version. */
    health(): Promise<Health>;
    /** Return which newer document is served (`--spec`), and what is new in it. */
    spec(): Promise<ServedSpec>;
    /** Return all worlds of the server, the most recently used first. */
    worlds(): Promise<World[]>;
    /** Return the world in numbers. */
    look(): Promise<World>;
    /** Start the world again as it began, except for the arguments: no sessions, no journal. */
    reset(scenario?: string, more?: {
        seed?: string;
        rate?: number;
    }): Promise<World>;
    /** Delete the world. The next request that names it creates a new one. */
    drop(): Promise<void>;
    /**
     * Copy the world under another name, and return the copy.
     *
     * @throws Conflict - there is a world of that name
     */
    fork(name: string): Promise<Fake>;
    /** Return the snapshots of the world, oldest first. */
    snapshots(): Promise<Snapshot[]>;
    /** Keep a copy of the world as it is now, under a name for `restore`. */
    snapshot(name?: string): Promise<Snapshot>;
    /**
     * Set the world back to a snapshot, which is kept.
     *
     * @throws NoSuch
     */
    restore(name: string): Promise<World>;
    /**
     * Delete a snapshot.
     *
     * @throws NoSuch
     */
    deleteSnapshot(name: string): Promise<void>;
    /**
     * Let the world follow another scenario; existing sessions keep their plans.
     *
     * @param which - a name, or the data of a scenario file
     * @throws NoSuch - no scenario has that name
     * @throws BadRequest - the data is wrong; the message says where
     */
    scenario(which: string | ScenarioData): Promise<Scenario>;
    /** Return the scenario that the world follows. */
    currentScenario(): Promise<Scenario>;
    /**
     * Return a scenario that can be selected by name, with its data.
     *
     * @throws NoSuch - no scenario has that name
     */
    scenarioNamed(name: string): Promise<Scenario>;
    /**
     * Yield what happens in the world as it happens, until the server stops.
     *
     * A client without a world's name yields how all worlds are, whenever one has changed.
     *
     * @param after - the id of the last event that came; `0`: all that is kept; nothing: from now on
     * @param entries - of all worlds: the entries of their journals too, from now on
     * @throws Unreachable - the connection was lost; go on after the last event
     */
    events({ after, entries }?: {
        after?: string;
        entries?: boolean;
    }): AsyncGenerator<StreamEvent, void, undefined>;
    /** Return all scenarios that can be selected by name. */
    scenarios(): Promise<ScenarioLine[]>;
    /**
     * Bind an avatar: creates for it follow a session form instead of the scenario's.
     *
     * @param avatar - a preset id or a UUID
     */
    bindAvatar(avatar: string, session: SessionForm): Promise<Scenario>;
    /**
     * Remove the binding of an avatar.
     *
     * @throws NoSuch - it is not bound
     */
    unbindAvatar(avatar: string): Promise<void>;
    /**
     * Add a fault, and return what removes it.
     *
     * @throws BadRequest - the data is wrong; the message says where
     */
    fault(fault: Fault): Promise<FaultHandle>;
    /** Return the faults that apply to all calls, the scenario's first, with their tallies. */
    faults(): Promise<PlacedFault[]>;
    /**
     * Remove a fault that the admin API has added.
     *
     * @throws NoSuch
     */
    removeFault(name: string): Promise<void>;
    /** Remove all faults that the admin API has added. */
    removeFaults(): Promise<void>;
    /** Return the timeline of a session, as data and as lines of text. */
    timeline(sessionId: string): Promise<TimelineView>;
    /** Return what the client seems to do wrong, as of now. */
    findings(): Promise<Kept<Finding>>;
    /**
     * Check how many calls were made that match, and return them, oldest first.
     *
     * Without a number at least one is expected; `verify(0, ...)` expects none.
     *
     * @throws VerificationFailed - the message shows the nearest calls, and what differs
     * @throws TypeError - the arguments contradict each other
     */
    verify(calls: number, match?: CallMatch): Promise<Exchange[]>;
    verify(expectation?: Expectation): Promise<Exchange[]>;
    /**
     * Check that calls came in this order, and return one for each; others may lie between.
     *
     * @param calls - each the id of an operation, or a match as of `verify`
     * @throws VerificationFailed - one is missing after those before it
     */
    verifyOrder(...calls: (RunwayOperation | CallMatch)[]): Promise<Exchange[]>;
    /**
     * Return a session as soon as one is in the state, or in one of them.
     *
     * @param more - `session`: its id; without one, any session. `timeout`: real time, 5 s unless
     *   given, two minutes at most
     * @throws WaitTimedOut - the message says in which state it is, and what the clock does
     */
    waitForSession(state: State | readonly State[], { session, timeout }?: {
        session?: string;
        timeout?: Span;
    }): Promise<SessionView>;
    /**
     * Return a task as soon as one is in one of the states.
     *
     * @param more - `task`: its id; without one, any task. `timeout` as of `waitForSession`
     * @throws WaitTimedOut - the message says in which state it is, and what the clock does
     */
    waitForTask(state: TaskState | readonly TaskState[], { task, timeout }?: {
        task?: string;
        timeout?: Span;
    }): Promise<TaskView>;
    /**
     * Return the calls that match as soon as there are `count`; earlier calls count.
     *
     * @param more - the match; `since`: the number of the first journal entry that counts;
     *   `timeout` as of `waitForSession`
     * @throws WaitTimedOut - the message says how many there were
     */
    waitForCalls(count?: number, { since, timeout, ...match }?: {
        operation?: RunwayOperation;
        method?: string;
        status?: number;
        session?: string;
        task?: string;
        since?: number;
        timeout?: Span;
    }): Promise<Kept<Exchange>>;
    /**
     * Return the run so far as one text for `fake-runway replay`.
     *
     * @throws Conflict - the journal is no longer complete
     */
    replayToken(): Promise<string>;
    /** Return the state of the world as a seed: avatars, sessions, tasks, credits. */
    seed(): Promise<Record<string, unknown>>;
    /** Put what a seed holds into the world. */
    applySeed(body: Record<string, unknown>): Promise<World>;
    /** Return the run so far as a token, and as data with the journal in it. */
    recording(): Promise<Recording>;
    /** Run a record again as a new world, which stays afterwards with a frozen clock. */
    replay(token: string, { name }: {
        name: string;
    }): Promise<Replayed>;
    /** Let a fresh world begin as the options say. */
    begin({ scenario, seed, rate, faults }?: WorldOptions): Promise<this>;
}
export {};
