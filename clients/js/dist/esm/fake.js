/**
 * A world of a fake: where an application finds it, and its admin API.
 *
 * Each method sends the operation that it names; the generated types know its body and its answer.
 */
import { createHash } from "node:crypto";
import { spanSeconds, spanText, Transport } from "./transport.js";
import { checkCalls, checkOrder } from "./verifying.js";
const DEFAULT_WAIT = "5s";
const PAGE = 100; // exchanges that are read at once
const REPLAY_S = 60; // enough to run a long record again
function kept(items, facts) {
    const made = [...items];
    // not enumerable, so that `toEqual([])` compares the items alone
    for (const [name, value] of Object.entries(facts))
        Object.defineProperty(made, name, { value });
    return made;
}
/** A world's clock. It only moves forward. */
export class FakeClock {
    transport;
    constructor(transport) {
        this.transport = transport;
    }
    /** Return the world's instant, POSIX seconds. */
    async now() {
        return (await this.get()).now;
    }
    /** Return its instant, its rate, and when the next event is due. */
    get() {
        return this.transport.send("getClock", "GET /clock");
    }
    /** Move it forward; every event that is due until then happens at its own instant. */
    jump(by) {
        return this.transport.send("moveClock", "POST /clock/move", { body: { by: spanText(by) } });
    }
    /** Move it forward to an instant, POSIX seconds. */
    jumpTo(instant) {
        return this.transport.send("moveClock", "POST /clock/move", { body: { to: instant } });
    }
    /**
     * Move it forward to the next due event.
     *
     * @throws Conflict - no event is due
     */
    next() {
        return this.transport.send("moveClock", "POST /clock/move", { body: { to: "next" } });
    }
    /** Stop it. */
    freeze() {
        return this.setRate(0);
    }
    /** Set how many seconds pass in the world per real second. */
    setRate(rate) {
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
    #transport;
    #sessionId;
    constructor(transport, sessionId) {
        this.#transport = transport;
        this.#sessionId = sessionId;
    }
    /** Let the avatar say a text, at 2.5 words a second unless told otherwise. */
    say(text, { words_per_s } = {}) {
        return this.direct({ say: words_per_s === undefined ? text : { text, words_per_s } });
    }
    /** Let the avatar send a client event. */
    clientEvent(tool, args = {}) {
        return this.direct({ client_event: { tool, args } });
    }
    /** Let the avatar call a tool of the backend; the timeline gets the answer. */
    callTool(tool, args = {}, { within } = {}) {
        const timeout = within === undefined ? {} : { timeout: spanText(within) };
        return this.direct({ call_tool: { tool, args, ...timeout } });
    }
    /** Let the avatar end the call. */
    hangUp() {
        return this.direct({ end: true });
    }
    /**
     * Return what lets its holder watch the call by WHEP, unseen, for as long as it lasts.
     *
     * @throws Conflict - the session is over, or its room is on a LiveKit server
     */
    watch() {
        const names = { id: this.#sessionId };
        return this.#transport.send("watchSession", "POST /sessions/{id}/viewer", { names });
    }
    /** Let the avatar do some steps, each as in the `script` of a scenario file. */
    direct(...steps) {
        const names = { id: this.#sessionId };
        return this.#transport.send("direct", "POST /sessions/{id}/script", { body: { steps }, names });
    }
}
/** A world's sessions: read, created and changed without the Runway API. */
export class FakeSessions {
    transport;
    constructor(transport) {
        this.transport = transport;
    }
    /** Return the newest sessions, newest first; at most `limit` (100). */
    async list(query = {}) {
        const page = await this.transport.send("listSessions", "GET /sessions", { query });
        return kept(page.sessions, { gone: page.gone, uncertain: 0 });
    }
    /**
     * Return one session, whose avatar can be told what to do.
     *
     * @throws NoSuch
     */
    async get(id) {
        const view = await this.transport.send("getAdminSession", "GET /sessions/{id}", {
            names: { id },
        });
        return Object.assign(new Directions(this.transport, id), view);
    }
    /** Create a session and bring it into a state (by default: provisioning, as a create does). */
    make(state, more = {}) {
        const body = { ...(state === undefined ? {} : { state }), ...more };
        return this.transport.send("makeSession", "POST /sessions", { body });
    }
    /**
     * Apply an event to a session.
     *
     * @param more - the failure, for the event `failed`
     * @throws Conflict - the event is not allowed in the session's state
     */
    occur(id, event, more = {}) {
        const body = { event, ...more };
        return this.transport.send("occur", "POST /sessions/{id}/events", { body, names: { id } });
    }
    /** Apply the event `failed` to a session. */
    fail(id, code = "INTERNAL", text = "An internal error occurred.") {
        return this.occur(id, "failed", { failure: { code, text } });
    }
    /**
     * Report what happened in the room of a session, as its room does.
     *
     * @throws Conflict - it contradicts the call so far, or the session has no room
     */
    report(id, report) {
        const body = report;
        return this.transport.send("reportCall", "POST /sessions/{id}/call", { body, names: { id } });
    }
    /** Return the timeline of a session, as data and as lines of text. */
    timeline(id) {
        return this.transport.send("getTimeline", "GET /sessions/{id}/timeline", { names: { id } });
    }
}
/** A world's tasks, as the world knows them. */
export class FakeTasks {
    transport;
    constructor(transport) {
        this.transport = transport;
    }
    /** Return the newest tasks, newest first; at most `limit` (100). */
    async list(query = {}) {
        const page = await this.transport.send("listTasks", "GET /tasks", { query });
        return kept(page.tasks, { gone: page.gone, uncertain: 0 });
    }
    /**
     * Return one task, also one that a client has deleted.
     *
     * @throws NoSuch
     */
    get(id) {
        return this.transport.send("getAdminTask", "GET /tasks/{id}", { names: { id } });
    }
    /** Create a task, a film of five seconds, and bring it into a state (by default: pending). */
    make(state, more = {}) {
        const body = { ...(state === undefined ? {} : { state }), ...more };
        return this.transport.send("makeTask", "POST /tasks", { body });
    }
    /**
     * Apply an event to a task.
     *
     * @param more - the failure, for the event `failed`
     * @throws Conflict - the event is not allowed in the task's state
     */
    occur(id, event, more = {}) {
        const body = { event, ...more };
        return this.transport.send("occurTask", "POST /tasks/{id}/events", { body, names: { id } });
    }
    /** Apply the event `failed` to a task. */
    fail(id, code = "INTERNAL", text = "An internal error occurred.") {
        return this.occur(id, "failed", { failure: { code, text } });
    }
    /** Report what a client did with an output, where it does not ask the fake for it. */
    reportDownload(id, report = {}) {
        const body = { output: 0, status: 200, ...report };
        return this.transport.send("reportDownload", "POST /tasks/{id}/downloads", {
            body,
            names: { id },
        });
    }
    /** Return the timeline of a task, as data and as lines of text. */
    timeline(id) {
        return this.transport.send("getTaskTimeline", "GET /tasks/{id}/timeline", { names: { id } });
    }
    /** Return the paths of a task's outputs on the server; none before it has succeeded. */
    async outputs(id) {
        const sent = { names: { id } };
        return (await this.transport.send("getTaskOutputs", "GET /tasks/{id}/outputs", sent)).outputs;
    }
}
/** A world's avatars, voices and documents, as the world knows them. */
export class FakeAssets {
    transport;
    constructor(transport) {
        this.transport = transport;
    }
    /** Return the newest ones, newest first; at most `limit` (100). */
    async list(query = {}) {
        const page = await this.transport.send("listAssets", "GET /assets", { query });
        return kept(page.assets, { gone: page.gone, uncertain: 0 });
    }
    /**
     * Return one, also one that was deleted and is still kept.
     *
     * @throws NoSuch
     */
    get(name) {
        return this.transport.send("getAsset", "GET /assets/{name}", { names: { name } });
    }
    /** Make one in any state, without limit and without charge. */
    make(body) {
        return this.transport.send("makeAsset", "POST /assets", { body });
    }
    /**
     * Let an event happen to one.
     *
     * @throws Conflict - it cannot happen in the state that it is in
     */
    occur(name, body) {
        return this.transport.send("occurToAsset", "POST /assets/{name}/events", {
            body,
            names: { name },
        });
    }
    /** Return the timeline of one, as data and as lines of text. */
    timeline(name) {
        const names = { name };
        return this.transport.send("getAssetTimeline", "GET /assets/{name}/timeline", { names });
    }
}
/** The requests of a world's clients, and their answers. */
export class FakeJournal {
    transport;
    constructor(transport) {
        this.transport = transport;
    }
    /**
     * Return the exchanges that match, oldest first: all that are kept, or the newest.
     *
     * @param filter - `limit`: how many of the newest; without one all, page by page
     */
    list({ limit, ...filter } = {}) {
        return pages(limit, (page) => this.transport.send("getJournal", "GET /journal", { query: { ...filter, ...page } }));
    }
    /** Return the requests for unknown routes, each with the nearest known route. */
    unmatched({ limit } = {}) {
        return pages(limit, (query) => this.transport.send("getUnmatched", "GET /journal/unmatched", { query }));
    }
    /** Delete all entries; the run so far can no longer be replayed. */
    async clear() {
        await this.transport.send("clearJournal", "DELETE /journal");
    }
}
async function pages(limit, ask) {
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
    transport;
    constructor(transport) {
        this.transport = transport;
    }
    /** Return the credits that are left, and those that were spent. */
    get() {
        return this.transport.send("getCredits", "GET /credits");
    }
    /** Set how many credits are left. */
    set(left) {
        return this.transport.send("putCredits", "PUT /credits", { body: { left } });
    }
}
/** A fault that was added, as it was then. */
export class FaultHandle {
    transport;
    view;
    constructor(transport, view) {
        this.transport = transport;
        this.view = view;
    }
    /** What the journal calls it. */
    get name() {
        return this.view.name;
    }
    /**
     * Remove it.
     *
     * @throws NoSuch - it was removed before
     */
    async remove() {
        await this.transport.send("removeFault", "DELETE /faults/{name}", {
            names: { name: this.name },
        });
    }
}
/**
 * A world of a fake.
 *
 * Every method rejects with an `AdminError` when the server rejects the request.
 */
export class Fake {
    clock;
    sessions;
    /** Its tasks. */
    tasks;
    /** Its avatars, voices and documents. */
    assets;
    journal;
    credits;
    transport;
    names;
    /**
     * @param address - of the server
     * @param world - created when first used; undefined: the only one of the server
     */
    constructor(address, world, names) {
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
    get name() {
        return this.transport.world;
    }
    /** The base URL by which an application reaches this world. */
    get baseUrl() {
        return this.transport.appUrl;
    }
    /** An API secret that it accepts. */
    get secret() {
        // the address selects the world, so any text would do
        const digest = createHash("sha256").update(this.name ?? "").digest("hex");
        return `offline-${digest.slice(0, 24)}`;
    }
    /** RUNWAYML_BASE_URL and RUNWAYML_API_SECRET, which both official SDKs read. */
    get env() {
        return { RUNWAYML_BASE_URL: this.baseUrl, RUNWAYML_API_SECRET: this.secret };
    }
    /** Set the variables of `env` in this process, and return what restores them. */
    use(variables = process.env) {
        const before = Object.keys(this.env).map((name) => [name, variables[name]]);
        Object.assign(variables, this.env);
        return () => {
            for (const [name, value] of before) {
                if (value === undefined)
                    delete variables[name];
                else
                    variables[name] = value;
            }
        };
    }
    /** Return another world of the same server, by its name or a new one. */
    world(name) {
        const { prefix, all } = this.names;
        let number = all.length + 1;
        while (name === undefined && all.includes(`${prefix}world-${number}`))
            number += 1;
        const full = `${prefix}${name ?? `world-${number}`}`;
        if (!all.includes(full))
            all.push(full);
        return this.beside(full);
    }
    /** The other worlds of the same test. */
    get others() {
        return this.names.all.filter((name) => name !== this.name).map((name) => this.beside(name));
    }
    beside(full) {
        return new Fake(this.transport.address, full, this.names);
    }
    // The server and its worlds
    /** Return the server's version. */
    health() {
        return this.transport.send("getAdminHealth", "GET /health");
    }
    /** Return which newer document is served (`--spec`), and what is new in it. */
    spec() {
        return this.transport.send("getSpec", "GET /spec");
    }
    /** Return all worlds of the server, the most recently used first. */
    async worlds() {
        return (await this.transport.send("listWorlds", "GET /worlds")).worlds;
    }
    /** Return the world in numbers. */
    look() {
        return this.transport.send("getWorld", "GET /world");
    }
    /** Start the world again as it began, except for the arguments: no sessions, no journal. */
    reset(scenario, more = {}) {
        const body = { ...(scenario === undefined ? {} : { name: scenario }), ...more };
        return this.transport.send("resetWorld", "POST /reset", { body });
    }
    /** Delete the world. The next request that names it creates a new one. */
    async drop() {
        await this.transport.send("dropWorld", "DELETE /world");
    }
    /**
     * Copy the world under another name, and return the copy.
     *
     * @throws Conflict - there is a world of that name
     */
    async fork(name) {
        await this.transport.send("forkWorld", "POST /fork", { body: { name } });
        return new Fake(this.transport.address, name);
    }
    /** Return the snapshots of the world, oldest first. */
    async snapshots() {
        return (await this.transport.send("listSnapshots", "GET /snapshots")).snapshots;
    }
    /** Keep a copy of the world as it is now, under a name for `restore`. */
    snapshot(name) {
        const body = name === undefined ? {} : { name };
        return this.transport.send("takeSnapshot", "POST /snapshots", { body });
    }
    /**
     * Set the world back to a snapshot, which is kept.
     *
     * @throws NoSuch
     */
    restore(name) {
        const names = { name };
        return this.transport.send("restoreSnapshot", "POST /snapshots/{name}/restore", { names });
    }
    /**
     * Delete a snapshot.
     *
     * @throws NoSuch
     */
    async deleteSnapshot(name) {
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
    scenario(which) {
        const body = typeof which === "string" ? { name: which } : { scenario: which };
        return this.transport.send("putScenario", "PUT /scenario", { body });
    }
    /** Return the scenario that the world follows. */
    currentScenario() {
        return this.transport.send("getScenario", "GET /scenario");
    }
    /**
     * Return a scenario that can be selected by name, with its data.
     *
     * @throws NoSuch - no scenario has that name
     */
    scenarioNamed(name) {
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
    events({ after, entries = false } = {}) {
        const query = { ...(after === undefined ? {} : { after }), ...(entries ? { entries: "true" } : {}) };
        return this.transport.stream("getEvents", "GET /events", { query });
    }
    /** Return all scenarios that can be selected by name. */
    async scenarios() {
        return (await this.transport.send("listScenarios", "GET /scenarios")).scenarios;
    }
    /**
     * Bind an avatar: creates for it follow a session form instead of the scenario's.
     *
     * @param avatar - a preset id or a UUID
     */
    bindAvatar(avatar, session) {
        const request = { body: session, names: { name: avatar } };
        return this.transport.send("bindAvatar", "PUT /avatars/{name}", request);
    }
    /**
     * Remove the binding of an avatar.
     *
     * @throws NoSuch - it is not bound
     */
    async unbindAvatar(avatar) {
        const names = { name: avatar };
        await this.transport.send("unbindAvatar", "DELETE /avatars/{name}", { names });
    }
    /**
     * Add a fault, and return what removes it.
     *
     * @throws BadRequest - the data is wrong; the message says where
     */
    async fault(fault) {
        const view = await this.transport.send("addFault", "POST /faults", { body: fault });
        return new FaultHandle(this.transport, view);
    }
    /** Return the faults that apply to all calls, the scenario's first, with their tallies. */
    async faults() {
        return (await this.transport.send("listFaults", "GET /faults")).faults;
    }
    /**
     * Remove a fault that the admin API has added.
     *
     * @throws NoSuch
     */
    async removeFault(name) {
        await this.transport.send("removeFault", "DELETE /faults/{name}", { names: { name } });
    }
    /** Remove all faults that the admin API has added. */
    async removeFaults() {
        await this.transport.send("removeFaults", "DELETE /faults");
    }
    // What happened
    /** Return the timeline of a session, as data and as lines of text. */
    timeline(sessionId) {
        return this.sessions.timeline(sessionId);
    }
    /** Return what the client seems to do wrong, as of now. */
    async findings() {
        const { findings, gone } = await this.transport.send("getFindings", "GET /findings");
        return kept(findings, { gone, uncertain: 0 });
    }
    async verify(first = {}, match = {}) {
        const [calls, expectation] = typeof first === "number" ? [first, match] : [undefined, first];
        return checkCalls(await this.journal.list(), calls, expectation);
    }
    /**
     * Check that calls came in this order, and return one for each; others may lie between.
     *
     * @param calls - each the id of an operation, or a match as of `verify`
     * @throws VerificationFailed - one is missing after those before it
     */
    async verifyOrder(...calls) {
        return checkOrder(await this.journal.list(), calls);
    }
    /**
     * Return a session as soon as one is in the state, or in one of them.
     *
     * @param more - `session`: its id; without one, any session. `timeout`: real time, 5 s unless
     *   given, two minutes at most
     * @throws WaitTimedOut - the message says in which state it is, and what the clock does
     */
    waitForSession(state, { session, timeout = DEFAULT_WAIT } = {}) {
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
    waitForTask(state, { task, timeout = DEFAULT_WAIT } = {}) {
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
    async waitForCalls(count = 1, { since, timeout = DEFAULT_WAIT, ...match } = {}) {
        const body = { match, count, timeout: spanText(timeout), ...(since === undefined ? {} : { since }) };
        const waitS = spanSeconds(timeout);
        const { exchanges, gone, uncertain } = await this.transport.send("awaitCalls", "POST /await/calls", { body, waitS });
        return kept(exchanges, { gone, uncertain });
    }
    // Replay
    /**
     * Return the run so far as one text for `fake-runway replay`.
     *
     * @throws Conflict - the journal is no longer complete
     */
    async replayToken() {
        return (await this.recording()).token;
    }
    /** Return the state of the world as a seed: avatars, sessions, tasks, credits. */
    seed() {
        return this.transport.send("getSeed", "GET /seed");
    }
    /** Put what a seed holds into the world. */
    applySeed(body) {
        return this.transport.send("applySeed", "POST /seed", { body });
    }
    /** Return the run so far as a token, and as data with the journal in it. */
    recording() {
        return this.transport.send("getReplay", "GET /replay");
    }
    /** Run a record again as a new world, which stays afterwards with a frozen clock. */
    replay(token, { name }) {
        const body = { name, token };
        return this.transport.send("postReplay", "POST /replay", { body, waitS: REPLAY_S });
    }
    /** Let a fresh world begin as the options say. */
    async begin({ scenario, seed, rate, faults = [] } = {}) {
        await this.reset(undefined, seed === undefined ? {} : { seed: String(seed) });
        if (scenario !== undefined)
            await this.scenario(scenario);
        for (const fault of faults)
            await this.fault(fault);
        if (rate !== undefined)
            await this.clock.setRate(rate);
        return this;
    }
}
