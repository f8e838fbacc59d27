/** What the fixtures of all runners share: a world for each test, and the report of a failure. */
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdminError } from "./errors.js";
import { startFake } from "./start.js";
export const TITLE = "fake Runway";
/** The time-out of a hook that starts the fake, in ms; the start itself gives up before. */
export const START_MS = 65_000;
const MOST_SESSIONS = 8;
const MOST_LINES = 40;
const LONGEST_TOKEN = 2_000;
const LONGEST_FORKED = 90; // of a name, before what is added to it
const SETTLED = "1h"; // no session lives longer that is not held up on purpose
/** The variable by which a global setup says that the tests have the server for themselves. */
export const OWN_SERVER = "FAKE_RUNWAY_OWN_SERVER";
/** Return the name of the world of a test: its title, and a digest of what makes it unique. */
export function worldName(title, unique) {
    const words = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+/, "");
    const start = words.slice(0, 48).replace(/-+$/, "") || "test";
    const digest = createHash("sha256").update(unique).digest("hex").slice(0, 8);
    return `${start}-${digest}`;
}
/** The server that the tests of this process use, and the worlds they get. */
export class WorldsOfTests {
    server;
    begun = new Map();
    run = randomBytes(4).toString("hex");
    /** Start the server, if that has not happened yet. */
    start(options = {}) {
        this.server ??= startFake(options);
        return this.server;
    }
    /** Begin a fresh world for a test. */
    async begin(test, options = {}, start = {}) {
        const server = await this.start(start);
        const base = worldName(test.title, test.unique);
        const number = (this.begun.get(base) ?? 0) + 1;
        this.begun.set(base, number);
        // other runs may use a server that was not started for this one, with tests of the same names
        const alone = server.own || process.env[OWN_SERVER] === server.url;
        const name = `${base}${alone ? "" : `-${this.run}`}${number > 1 ? `-${number}` : ""}`;
        return server.begin(name, options);
    }
    /** End what was started. */
    async stop() {
        const server = this.server;
        this.server = undefined;
        await (await server)?.stop();
    }
}
/**
 * End the world of a test: of one that failed return the report, of another drop it.
 *
 * What the client of a test that passed has done wrong is printed.
 */
export async function endWorld(fake, test, failed, print = console.warn) {
    if (failed)
        return failureReport(fake);
    try {
        for (const world of [fake, ...fake.others]) {
            const mistakes = (await settled(world)).filter((each) => each.severity !== "info");
            for (const finding of mistakes)
                print(`${TITLE}: ${test.title} passed, but: ${lineOf(finding)}`);
            await world.drop();
        }
    }
    catch (error) {
        if (!(error instanceof AdminError))
            throw error; // else: the next test says that it is gone
    }
    return undefined;
}
/** Return the findings as they will be when the sessions that live have come to their end: in a copy. */
async function settled(fake) {
    if ((await fake.look()).active === 0)
        return fake.findings();
    const copy = await fake.fork(`${(fake.name ?? "").slice(0, LONGEST_FORKED)}-settled`);
    try {
        await copy.clock.jump(SETTLED);
        return await copy.findings();
    }
    finally {
        await copy.drop();
    }
}
/** Return what happened in the worlds of a test, for the report of its failure. */
export async function failureReport(fake) {
    const blocks = [];
    const others = fake.others;
    for (const world of [fake, ...others]) {
        if (others.length > 0)
            blocks.push(`world ${world.name}`);
        try {
            blocks.push(...(await blocksOf(world)), await replayLine(world));
        }
        catch (error) {
            if (!(error instanceof AdminError))
                throw error;
            blocks.push(`(${error.message})`);
        }
    }
    return blocks.join("\n");
}
async function blocksOf(fake) {
    const sessions = await fake.sessions.list({ limit: 1_000 });
    const world = await fake.look();
    const blocks = [`scenario: ${world.scenario}`];
    if (sessions.length > MOST_SESSIONS) {
        blocks.push(`${sessions.length - MOST_SESSIONS} older sessions are left out`);
    }
    for (const session of sessions.slice(0, MOST_SESSIONS).reverse()) {
        const { lines } = await fake.timeline(session.id);
        blocks.push(`session ${session.ordinal + 1}: ${session.id}, ${session.state}`, bounded(lines));
    }
    if (sessions.length === 0)
        blocks.push("no session was created");
    const calls = (await fake.journal.list({ limit: 1_000 })).filter((each) => each.session === null);
    if (calls.length > 0) {
        const lines = calls.map((each) => callLine(each, world.epoch));
        blocks.push("calls about no session", bounded(lines));
    }
    const findings = await fake.findings();
    blocks.push(...findings.slice(0, MOST_LINES).map((each) => `finding: ${lineOf(each)}`));
    if (findings.gone > 0) {
        blocks.push(`${findings.gone} older journal entries are no longer kept: raise --journal`);
    }
    return blocks;
}
function lineOf(finding) {
    const about = finding.session === null ? "" : ` [session ${finding.session}]`;
    return `${finding.severity} ${finding.id}: ${finding.message}${about}`;
}
function bounded(lines) {
    if (lines.length <= MOST_LINES)
        return lines.join("\n");
    const half = MOST_LINES / 2;
    const left = `    ... ${lines.length - 2 * half} more ...`;
    return [...lines.slice(0, half), left, ...lines.slice(-half)].join("\n");
}
function callLine(call, start) {
    const notes = [
        ...(call.response.code === null ? [] : [call.response.code]),
        ...call.faults.map((each) => `fault ${each}`),
        ...(call.nearest === null ? [] : [`did you mean ${call.nearest}?`]),
    ];
    const noted = notes.length > 0 ? `  [${notes.join("; ")}]` : "";
    const after = `+${(call.at - start).toFixed(3)}`.padStart(10);
    return `${after}s  ${call.method} ${call.path} -> ${call.response.status ?? "no answer"}${noted}`;
}
async function replayLine(fake) {
    let token = await fake.replayToken();
    if (token.length > LONGEST_TOKEN) {
        const path = join(keepingFolder(), `${fake.name}.token`);
        writeFileSync(path, token);
        token = path;
    }
    return `replay the calls: fake-runway replay ${token}`;
}
function keepingFolder() {
    const modules = join(process.cwd(), "node_modules");
    const inside = statSync(modules, { throwIfNoEntry: false })?.isDirectory();
    const folder = inside ? join(modules, ".cache", "fake-runway") : join(tmpdir(), "fake-runway-tokens");
    mkdirSync(folder, { recursive: true });
    return folder;
}
