/**
 * A world of a fake: where an application finds it, and its admin API.
 *
 * Each method sends the operation that it names; the generated types know its body and its answer.
 */

import { createHash } from "node:crypto";

import type {
  AssetTimeline,
  AssetView,
  BodyOf,
  CallReport,
  Clock,
  Credits,
  Download,
  EventByHand,
  Exchange,
  Failure,
  Fault,
  Finding,
  Health,
  MadeSession,
  PlacedFault,
  QueryOf,
  Recording,
  Replayed,
  RunwayOperation,
  Scenario,
  ScenarioData,
  ScenarioLine,
  ScriptStep,
  ServedSpec,
  SessionForm,
  SessionView,
  StreamEvent,
  TaskEventByHand,
  TaskState,
  TaskTimeline,
  TaskView,
  Viewer,
  Snapshot,
  Span,
  State,
  TimelineView,
  World,
} from "./shapes.js";
import { spanSeconds, spanText, Transport } from "./transport.js";
import type { Address } from "./transport.js";
import { checkCalls, checkOrder } from "./verifying.js";
import type { CallMatch, Expectation } from "./verifying.js";

const DEFAULT_WAIT = "5s";
const PAGE = 100; // exchanges that are read at once
const REPLAY_S = 60; // enough to run a long record again

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

function kept<Item, Facts extends { gone: number; uncertain: number }>(
  items: readonly Item[],
  facts: Facts,
): ReadonlyArray<Item> & Readonly<Facts> {
  const made = [...items];
  // not enumerable, so that `toEqual([])` compares the items alone
  for (const [name, value] of Object.entries(facts)) Object.defineProperty(made, name, { value });
  return made as unknown as ReadonlyArray<Item> & Readonly<Facts>;
}

/** A world's clock. It only moves forward. */
export class FakeClock {
  constructor(private readonly transport: Transport) {}

  /** Return the world's instant, POSIX seconds. */
  async now(): Promise<number> {
    return (await this.get()).now;
  }

  /** Return its instant, its rate, and when the next event is due. */
  get(): Promise<Clock> {
    return this.transport.send("getClock", "GET /clock");
  }

  /** Move it forward; every event that is due until then happens at its own instant. */
  jump(by: Span): Promise<Clock> {
    return this.transport.send("moveClock", "POST /clock/move", { body: { by: spanText(by) } });
  }

  /** Move it forward to an instant, POSIX seconds. */
  jumpTo(instant: number): Promise<Clock> {
    return this.transport.send("moveClock", "POST /clock/move", { body: { to: instant } });
  }

  /**
   * Move it forward to the next due event.
   *
   * @throws Conflict - no event is due
   */
  next(): Promise<Clock> {
    return this.transport.send("moveClock", "POST /clock/move", { body: { to: "next" } });
  }

  /** Stop it. */
  freeze(): Promise<Clock> {
    return this.setRate(0);
  }

  /** Set how many seconds pass in the world per real second. */
  setRate(rate: number): Promise<Clock> {
    return this.transport.send("setClockRate", "PUT /clock", { body: { rate } });
  }
}

/**
 * What the avatar of a session can be told.
 *
 * An avatar is at work from the first join to the end of the call. Every method returns the session
 * as it is then, and rejects with a Conflict where no avatar is at work.
 */
export class Directions {
  readonly #transport: Transport;
  readonly #sessionId: string;

  constructor(transport: Transport, sessionId: string) {
    this.#transport = transport;
    this.#sessionId = sessionId;
  }

  /** Let the avatar say a text, at 2.5 words a second unless told otherwise. */
  say(text: string, { words_per_s }: { words_per_s?: number } = {}): Promise<SessionView> {
    return this.direct({ say: words_per_s === undefined ? text : { text, words_per_s } });
  }

  /** Let the avatar send a client event. */
  clientEvent(tool: string, args: Record<string, unknown> = {}): Promise<SessionView> {
    return this.direct({ client_event: { tool, args } });
  }

  /** Let the avatar call a tool of the backend; the timeline gets the answer. */
  callTool(
    tool: string,
    args: Record<string, unknown> = {},
    { within }: { within?: Span } = {},
  ): Promise<SessionView> {
    const timeout = within === undefined ? {} : { timeout: spanText(within) };
    return this.direct({ call_tool: { tool, args, ...timeout } });
  }

  /** Let the avatar end the call. */
  hangUp(): Promise<SessionView> {
    return this.direct({ end: true });
  }

  /**
   * Return what lets its holder watch the call by WHEP, unseen, for as long as it lasts.
   *
   * @throws Conflict - the session is over, or its room is on a LiveKit server
   */
  watch(): Promise<Viewer> {
    const names = { id: this.#sessionId };
    return this.#transport.send("watchSession", "POST /sessions/{id}/viewer", { names });
  }

  /** Let the avatar do some steps, each as in the `script` of a scenario file. */
  direct(...steps: ScriptStep[]): Promise<SessionView> {
    const names = { id: this.#sessionId };
    return this.#transport.send("direct", "POST /sessions/{id}/script", { body: { steps }, names });
  }
}

/** A session as it was when it was read, and what its avatar can be told. */
export type FakeSession = SessionView & Directions;

/** A world's sessions: read, created and changed without the Runway API. */
export class FakeSessions {
  constructor(private readonly transport: Transport) {}

  /** Return the newest sessions, newest first; at most `limit` (100). */
  async list(query: { state?: State; limit?: number } = {}): Promise<Kept<SessionView>> {
    const page = await this.transport.send("listSessions", "GET /sessions", { query });
    return kept(page.sessions, { gone: page.gone, uncertain: 0 });
  }

  /**
   * Return one session, whose avatar can be told what to do.
   *
   * @throws NoSuch
   */
  async get(id: string): Promise<FakeSession> {
    const view = await this.transport.send("getAdminSession", "GET /sessions/{id}", {
      names: { id },
    });
    return Object.assign(new Directions(this.transport, id), view);
  }

  /** Create a session and bring it into a state (by default: provisioning, as a create does). */
  make(
    state?: State,
    more: { max_duration_s?: number; failure?: Failure } = {},
  ): Promise<MadeSession> {
    const body = { ...(state === undefined ? {} : { state }), ...more };
    return this.transport.send("makeSession", "POST /sessions", { body });
  }

  /**
   * Apply an event to a session.
   *
   * @param more - the failure, for the event `failed`
   * @throws Conflict - the event is not allowed in the session's state
   */
  occur(id: string, event: EventByHand, more: { failure?: Failure } = {}): Promise<SessionView> {
    const body = { event, ...more };
    return this.transport.send("occur", "POST /sessions/{id}/events", { body, names: { id } });
  }

  /** Apply the event `failed` to a session. */
  fail(
    id: string,
    code = "INTERNAL",
    text = "An internal error occurred.",
  ): Promise<SessionView> {
    return this.occur(id, "failed", { failure: { code, text } });
  }

  /**
   * Report what happened in the room of a session, as its room does.
   *
   * @throws Conflict - it contradicts the call so far, or the session has no room
   */
  report(id: string, report: CallReport): Promise<SessionView> {
    const body = report;
    return this.transport.send("reportCall", "POST /sessions/{id}/call", { body, names: { id } });
  }

  /** Return the timeline of a session, as data and as lines of text. */
  timeline(id: string): Promise<TimelineView> {
    return this.transport.send("getTimeline", "GET /sessions/{id}/timeline", { names: { id } });
  }
}

/** A world's tasks, as the world knows them. */
export class FakeTasks {
  constructor(private readonly transport: Transport) {}

  /** Return the newest tasks, newest first; at most `limit` (100). */
  async list(query: { state?: TaskState; limit?: number } = {}): Promise<Kept<TaskView>> {
    const page = await this.transport.send("listTasks", "GET /tasks", { query });
    return kept(page.tasks, { gone: page.gone, uncertain: 0 });
  }

  /**
   * Return one task, also one that a client has deleted.
   *
   * @throws NoSuch
   */
  get(id: string): Promise<TaskView> {
    return this.transport.send("getAdminTask", "GET /tasks/{id}", { names: { id } });
  }

  /** Create a task, a film of five seconds, and bring it into a state (by default: pending). */
  make(state?: TaskState, more: { failure?: Failure } = {}): Promise<TaskView> {
    const body = { ...(state === undefined ? {} : { state }), ...more };
    return this.transport.send("makeTask", "POST /tasks", { body });
  }

  /**
   * Apply an event to a task.
   *
   * @param more - the failure, for the event `failed`
   * @throws Conflict - the event is not allowed in the task's state
   */
  occur(id: string, event: TaskEventByHand, more: { failure?: Failure } = {}): Promise<TaskView> {
    const body = { event, ...more };
    return this.transport.send("occurTask", "POST /tasks/{id}/events", { body, names: { id } });
  }

  /** Apply the event `failed` to a task. */
  fail(id: string, code = "INTERNAL", text = "An internal error occurred."): Promise<TaskView> {
    return this.occur(id, "failed", { failure: { code, text } });
  }

  /** Report what a client did with an output, where it does not ask the fake for it. */
  reportDownload(id: string, report: Partial<Download> = {}): Promise<TaskView> {
    const body = { output: 0, status: 200, ...report };
    return this.transport.send("reportDownload", "POST /tasks/{id}/downloads", {
      body,
      names: { id },
    });
  }

  /** Return the timeline of a task, as data and as lines of text. */
  timeline(id: string): Promise<TaskTimeline> {
    return this.transport.send("getTaskTimeline", "GET /tasks/{id}/timeline", { names: { id } });
  }

  /** Return the paths of a task's outputs on the server; none before it has succeeded. */
  async outputs(id: string): Promise<string[]> {
    const sent = { names: { id } };
    return (await this.transport.send("getTaskOutputs", "GET /tasks/{id}/outputs", sent)).outputs;
  }
}

/** A world's avatars, voices and documents, as the world knows them. */
export class FakeAssets {
  constructor(private readonly transport: Transport) {}

  /** Return the newest ones, newest first; at most `limit` (100). */
  async list(query: QueryOf<"listAssets"> = {}): Promise<Kept<AssetView>> {
    const page = await this.transport.send("listAssets", "GET /assets", { query });
    return kept(page.assets, { gone: page.gone, uncertain: 0 });
  }

  /**
   * Return one, also one that was deleted and is still kept.
   *
   * @throws NoSuch
   */
  get(name: string): Promise<AssetView> {
    return this.transport.send("getAsset", "GET /assets/{name}", { names: { name } });
  }

  /** Make one in any state, without limit and without charge. */
  make(body: BodyOf<"makeAsset">): Promise<AssetView> {
    return this.transport.send("makeAsset", "POST /assets", { body });
  }

  /**
   * Let an event happen to one.
   *
   * @throws Conflict - it cannot happen in the state that it is in
   */
  occur(name: string, body: BodyOf<"occurToAsset">): Promise<AssetView> {
    return this.transport.send("occurToAsset", "POST /assets/{name}/events", {
      body,
      names: { name },
    });
  }

  /** Return the timeline of one, as data and as lines of text. */
  timeline(name: string): Promise<AssetTimeline> {
    const names = { name };
    return this.transport.send("getAssetTimeline", "GET /assets/{name}/timeline", { names });
  }
}

type Filter = Omit<QueryOf<"getJournal">, "before">;

/** The requests of a world's clients, and their answers. */
export class FakeJournal {
  constructor(private readonly transport: Transport) {}

  /**
   * Return the exchanges that match, oldest first: all that are kept, or the newest.
   *
   * @param filter - `limit`: how many of the newest; without one all, page by page
   */
  list({ limit, ...filter }: Filter = {}): Promise<Exchanges> {
    return pages(limit, (page) =>
      this.transport.send("getJournal", "GET /journal", { query: { ...filter, ...page } }),
    );
  }

  /** Return the requests for unknown routes, each with the nearest known route. */
  unmatched({ limit }: { limit?: number } = {}): Promise<Exchanges> {
    return pages(limit, (query) =>
      this.transport.send("getUnmatched", "GET /journal/unmatched", { query }),
    );
  }

  /** Delete all entries; the run so far can no longer be replayed. */
  async clear(): Promise<void> {
    await this.transport.send("clearJournal", "DELETE /journal");
  }
}

interface Page {
  exchanges: Exchange[];
  total: number;
  gone: number;
  uncertain: number;
  dropped: number;
}

async function pages(
  limit: number | undefined,
  ask: (query: { limit: number; before?: string }) => Promise<Page>,
): Promise<Exchanges> {
  const size = limit ?? PAGE;
  const newest = await ask({ limit: size });
  let exchanges = newest.exchanges;
  let page = newest;
  while (limit === undefined && page.exchanges.length === size) {
    page = await ask({ limit: size, before: String(page.exchanges[0]?.number ?? 0) });
    exchanges = [...page.exchanges, ...exchanges];
  }
  // what was evicted while the pages were read is gone as well
  const gone = page === newest ? newest.gone : Math.max(newest.gone, newest.total - exchanges.length);
  const { total, uncertain, dropped } = newest;
  return kept(exchanges, { total, gone, uncertain, dropped });
}

/** The credits of a world's account. */
export class FakeCredits {
  constructor(private readonly transport: Transport) {}

  /** Return the credits that are left, and those that were spent. */
  get(): Promise<Credits> {
    return this.transport.send("getCredits", "GET /credits");
  }

  /** Set how many credits are left. */
  set(left: number): Promise<Credits> {
    return this.transport.send("putCredits", "PUT /credits", { body: { left } });
  }
}

/** A fault that was added, as it was then. */
export class FaultHandle {
  constructor(
    private readonly transport: Transport,
    readonly view: PlacedFault,
  ) {}

  /** What the journal calls it. */
  get name(): string {
    return this.view.name;
  }

  /**
   * Remove it.
   *
   * @throws NoSuch - it was removed before
   */
  async remove(): Promise<void> {
    await this.transport.send("removeFault", "DELETE /faults/{name}", {
      names: { name: this.name },
    });
  }
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
export class Fake {
  readonly clock: FakeClock;
  readonly sessions: FakeSessions;
  /** Its tasks. */
  readonly tasks: FakeTasks;
  /** Its avatars, voices and documents. */
  readonly assets: FakeAssets;
  readonly journal: FakeJournal;
  readonly credits: FakeCredits;
  private readonly transport: Transport;
  private readonly names: WorldNames;

  /**
   * @param address - of the server
   * @param world - created when first used; undefined: the only one of the server
   */
  constructor(address: Address, world?: string, names?: WorldNames) {
    this.transport = new Transport(address, world);
    this.names = names ?? { prefix: world === undefined ? "" : `${world}.`, all: [world ?? ""] };
    this.clock = new FakeClock(this.transport);
    this.sessions = new FakeSessions(this.transport);
    this.tasks = new FakeTasks(this.transport);
    this.assets = new FakeAssets(this.transport);
    this.journal = new FakeJournal(this.transport);
    this.credits = new FakeCredits(this.transport);
  }

  // Where an application finds it

  /** The world's name; undefined: the only one of the server. */
  get name(): string | undefined {
    return this.transport.world;
  }

  /** The base URL by which an application reaches this world. */
  get baseUrl(): string {
    return this.transport.appUrl;
  }

  /** An API secret that it accepts. */
  get secret(): string {
    // the address selects the world, so any text would do
    const digest = createHash("sha256").update(this.name ?? "").digest("hex");
    return `offline-${digest.slice(0, 24)}`;
  }

  /** RUNWAYML_BASE_URL and RUNWAYML_API_SECRET, which both official SDKs read. */
  get env(): { RUNWAYML_BASE_URL: string; RUNWAYML_API_SECRET: string } {
    return { RUNWAYML_BASE_URL: this.baseUrl, RUNWAYML_API_SECRET: this.secret };
  }

  /** Set the variables of `env` in this process, and return what restores them. */
  use(variables: NodeJS.ProcessEnv = process.env): () => void {
    const before = Object.keys(this.env).map((name) => [name, variables[name]] as const);
    Object.assign(variables, this.env);
    return () => {
      for (const [name, value] of before) {
        if (value === undefined) delete variables[name];
        else variables[name] = value;
      }
    };
  }

  /** Return another world of the same server, by its name or a new one. */
  world(name?: string): Fake {
    const { prefix, all } = this.names;
    let number = all.length + 1;
    while (name === undefined && all.includes(`${prefix}world-${number}`)) number += 1;
    const full = `${prefix}${name ?? `world-${number}`}`;
    if (!all.includes(full)) all.push(full);
    return this.beside(full);
  }

  /** The other worlds of the same test. */
  get others(): Fake[] {
    return this.names.all.filter((name) => name !== this.name).map((name) => this.beside(name));
  }

  private beside(full: string): Fake {
    return new Fake(this.transport.address, full, this.names);
  }

  // The server and its worlds

  /** Return the server's version. */
  health(): Promise<Health> {
    return this.transport.send("getAdminHealth", "GET /health");
  }

  /** Return which newer document is served (`--spec`), and what is new in it. */
  spec(): Promise<ServedSpec> {
    return this.transport.send("getSpec", "GET /spec");
  }

  /** Return all worlds of the server, the most recently used first. */
  async worlds(): Promise<World[]> {
    return (await this.transport.send("listWorlds", "GET /worlds")).worlds;
  }

  /** Return the world in numbers. */
  look(): Promise<World> {
    return this.transport.send("getWorld", "GET /world");
  }

  /** Start the world again as it began, except for the arguments: no sessions, no journal. */
  reset(scenario?: string, more: { seed?: string; rate?: number } = {}): Promise<World> {
    const body = { ...(scenario === undefined ? {} : { name: scenario }), ...more };
    return this.transport.send("resetWorld", "POST /reset", { body });
  }

  /** Delete the world. The next request that names it creates a new one. */
  async drop(): Promise<void> {
    await this.transport.send("dropWorld", "DELETE /world");
  }

  /**
   * Copy the world under another name, and return the copy.
   *
   * @throws Conflict - there is a world of that name
   */
  async fork(name: string): Promise<Fake> {
    await this.transport.send("forkWorld", "POST /fork", { body: { name } });
    return new Fake(this.transport.address, name);
  }

  /** Return the snapshots of the world, oldest first. */
  async snapshots(): Promise<Snapshot[]> {
    return (await this.transport.send("listSnapshots", "GET /snapshots")).snapshots;
  }

  /** Keep a copy of the world as it is now, under a name for `restore`. */
  snapshot(name?: string): Promise<Snapshot> {
    const body = name === undefined ? {} : { name };
    return this.transport.send("takeSnapshot", "POST /snapshots", { body });
  }

  /**
   * Set the world back to a snapshot, which is kept.
   *
   * @throws NoSuch
   */
  restore(name: string): Promise<World> {
    const names = { name };
    return this.transport.send("restoreSnapshot", "POST /snapshots/{name}/restore", { names });
  }

  /**
   * Delete a snapshot.
   *
   * @throws NoSuch
   */
  async deleteSnapshot(name: string): Promise<void> {
    await this.transport.send("deleteSnapshot", "DELETE /snapshots/{name}", { names: { name } });
  }

  // Scenario and faults

  /**
   * Let the world follow another scenario; existing sessions keep their plans.
   *
   * @param which - a name, or the data of a scenario file
   * @throws NoSuch - no scenario has that name
   * @throws BadRequest - the data is wrong; the message says where
   */
  scenario(which: string | ScenarioData): Promise<Scenario> {
    const body = typeof which === "string" ? { name: which } : { scenario: which };
    return this.transport.send("putScenario", "PUT /scenario", { body });
  }

  /** Return the scenario that the world follows. */
  currentScenario(): Promise<Scenario> {
    return this.transport.send("getScenario", "GET /scenario");
  }

  /**
   * Return a scenario that can be selected by name, with its data.
   *
   * @throws NoSuch - no scenario has that name
   */
  scenarioNamed(name: string): Promise<Scenario> {
    return this.transport.send("getScenarioNamed", "GET /scenarios/{name}", { names: { name } });
  }

  /**
   * Yield what happens in the world as it happens, until the server stops.
   *
   * A client without a world's name yields how all worlds are, whenever one has changed.
   *
   * @param after - the id of the last event that came; `0`: all that is kept; nothing: from now on
   * @param entries - of all worlds: the entries of their journals too, from now on
   * @throws Unreachable - the connection was lost; go on after the last event
   */
  events({ after, entries = false }: { after?: string; entries?: boolean } = {}): AsyncGenerator<
    StreamEvent,
    void,
    undefined
  > {
    const query = { ...(after === undefined ? {} : { after }), ...(entries ? { entries: "true" as const } : {}) };
    return this.transport.stream("getEvents", "GET /events", { query });
  }

  /** Return all scenarios that can be selected by name. */
  async scenarios(): Promise<ScenarioLine[]> {
    return (await this.transport.send("listScenarios", "GET /scenarios")).scenarios;
  }

  /**
   * Bind an avatar: creates for it follow a session form instead of the scenario's.
   *
   * @param avatar - a preset id or a UUID
   */
  bindAvatar(avatar: string, session: SessionForm): Promise<Scenario> {
    const request = { body: session, names: { name: avatar } };
    return this.transport.send("bindAvatar", "PUT /avatars/{name}", request);
  }

  /**
   * Remove the binding of an avatar.
   *
   * @throws NoSuch - it is not bound
   */
  async unbindAvatar(avatar: string): Promise<void> {
    const names = { name: avatar };
    await this.transport.send("unbindAvatar", "DELETE /avatars/{name}", { names });
  }

  /**
   * Add a fault, and return what removes it.
   *
   * @throws BadRequest - the data is wrong; the message says where
   */
  async fault(fault: Fault): Promise<FaultHandle> {
    const view = await this.transport.send("addFault", "POST /faults", { body: fault });
    return new FaultHandle(this.transport, view);
  }

  /** Return the faults that apply to all calls, the scenario's first, with their tallies. */
  async faults(): Promise<PlacedFault[]> {
    return (await this.transport.send("listFaults", "GET /faults")).faults;
  }

  /**
   * Remove a fault that the admin API has added.
   *
   * @throws NoSuch
   */
  async removeFault(name: string): Promise<void> {
    await this.transport.send("removeFault", "DELETE /faults/{name}", { names: { name } });
  }

  /** Remove all faults that the admin API has added. */
  async removeFaults(): Promise<void> {
    await this.transport.send("removeFaults", "DELETE /faults");
  }

  // What happened

  /** Return the timeline of a session, as data and as lines of text. */
  timeline(sessionId: string): Promise<TimelineView> {
    return this.sessions.timeline(sessionId);
  }

  /** Return what the client seems to do wrong, as of now. */
  async findings(): Promise<Kept<Finding>> {
    const { findings, gone } = await this.transport.send("getFindings", "GET /findings");
    return kept(findings, { gone, uncertain: 0 });
  }

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
  async verify(first: number | Expectation = {}, match: CallMatch = {}): Promise<Exchange[]> {
    const [calls, expectation] = typeof first === "number" ? [first, match] : [undefined, first];
    return checkCalls(await this.journal.list(), calls, expectation);
  }

  /**
   * Check that calls came in this order, and return one for each; others may lie between.
   *
   * @param calls - each the id of an operation, or a match as of `verify`
   * @throws VerificationFailed - one is missing after those before it
   */
  async verifyOrder(...calls: (RunwayOperation | CallMatch)[]): Promise<Exchange[]> {
    return checkOrder(await this.journal.list(), calls);
  }

  /**
   * Return a session as soon as one is in the state, or in one of them.
   *
   * @param more - `session`: its id; without one, any session. `timeout`: real time, 5 s unless
   *   given, two minutes at most
   * @throws WaitTimedOut - the message says in which state it is, and what the clock does
   */
  waitForSession(
    state: State | readonly State[],
    { session, timeout = DEFAULT_WAIT }: { session?: string; timeout?: Span } = {},
  ): Promise<SessionView> {
    const states = typeof state === "string" ? [state] : [...state];
    const body = { states, timeout: spanText(timeout), ...(session ? { session } : {}) };
    const waitS = spanSeconds(timeout);
    return this.transport.send("awaitSession", "POST /await/session", { body, waitS });
  }

  /**
   * Return a task as soon as one is in one of the states.
   *
   * @param more - `task`: its id; without one, any task. `timeout` as of `waitForSession`
   * @throws WaitTimedOut - the message says in which state it is, and what the clock does
   */
  waitForTask(
    state: TaskState | readonly TaskState[],
    { task, timeout = DEFAULT_WAIT }: { task?: string; timeout?: Span } = {},
  ): Promise<TaskView> {
    const states = typeof state === "string" ? [state] : [...state];
    const body = { states, timeout: spanText(timeout), ...(task ? { task } : {}) };
    const waitS = spanSeconds(timeout);
    return this.transport.send("awaitTask", "POST /await/task", { body, waitS });
  }

  /**
   * Return the calls that match as soon as there are `count`; earlier calls count.
   *
   * @param more - the match; `since`: the number of the first journal entry that counts;
   *   `timeout` as of `waitForSession`
   * @throws WaitTimedOut - the message says how many there were
   */
  async waitForCalls(
    count = 1,
    {
      since,
      timeout = DEFAULT_WAIT,
      ...match
    }: {
      operation?: RunwayOperation;
      method?: string;
      status?: number;
      session?: string;
      task?: string;
      since?: number;
      timeout?: Span;
    } = {},
  ): Promise<Kept<Exchange>> {
    const body = { match, count, timeout: spanText(timeout), ...(since === undefined ? {} : { since }) };
    const waitS = spanSeconds(timeout);
    const { exchanges, gone, uncertain } = await this.transport.send(
      "awaitCalls",
      "POST /await/calls",
      { body, waitS },
    );
    return kept(exchanges, { gone, uncertain });
  }

  // Replay

  /**
   * Return the run so far as one text for `fake-runway replay`.
   *
   * @throws Conflict - the journal is no longer complete
   */
  async replayToken(): Promise<string> {
    return (await this.recording()).token;
  }

  /** Return the state of the world as a seed: avatars, sessions, tasks, credits. */
  seed(): Promise<Record<string, unknown>> {
    return this.transport.send("getSeed", "GET /seed");
  }

  /** Put what a seed holds into the world. */
  applySeed(body: Record<string, unknown>): Promise<World> {
    return this.transport.send("applySeed", "POST /seed", { body });
  }

  /** Return the run so far as a token, and as data with the journal in it. */
  recording(): Promise<Recording> {
    return this.transport.send("getReplay", "GET /replay");
  }

  /** Run a record again as a new world, which stays afterwards with a frozen clock. */
  replay(token: string, { name }: { name: string }): Promise<Replayed> {
    const body = { name, token };
    return this.transport.send("postReplay", "POST /replay", { body, waitS: REPLAY_S });
  }

  /** Let a fresh world begin as the options say. */
  async begin({ scenario, seed, rate, faults = [] }: WorldOptions = {}): Promise<this> {
    await this.reset(undefined, seed === undefined ? {} : { seed: String(seed) });
    if (scenario !== undefined) await this.scenario(scenario);
    for (const fault of faults) await this.fault(fault);
    if (rate !== undefined) await this.clock.setRate(rate);
    return this;
  }
}
