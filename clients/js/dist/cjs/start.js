"use strict";
/**
 * Starts `fake-runway serve` as a child process, or uses one that runs, and stops what it started.
 *
 * The Python package is found in this order: a given command; `fake-runway` on PATH; `.venv` in the
 * working directory or above; `uvx` or `pipx` with a given source. Without a source those two are
 * never used: the name is not reserved, so they could run another's package.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.FakeServer = void 0;
exports.startFake = startFake;
exports.findCommand = findCommand;
const node_child_process_1 = require("node:child_process");
const node_fs_1 = require("node:fs");
const node_os_1 = require("node:os");
const node_path_1 = require("node:path");
const errors_js_1 = require("./errors.js");
const fake_js_1 = require("./fake.js");
// kept, because a test may replace the timers
const { setTimeout: later } = globalThis;
const POLL_MS = 20;
const STOP_MS = 5_000;
const LONGEST_LOG = 2_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
const WINDOWS = process.platform === "win32";
/** A fake that serves. */
class FakeServer {
    url;
    own;
    #token; // so that nothing that prints this shows it
    #stop;
    constructor(url, token, 
    /** Whether it was started here, so that its worlds are this process's own. */
    own, stop) {
        this.url = url;
        this.own = own;
        this.#token = token;
        this.#stop = stop;
    }
    /** The token of its admin API, if it has one. */
    get token() {
        return this.#token;
    }
    /** Return a world of it; without a name: the only one of the server. */
    world(name) {
        return new fake_js_1.Fake(this, name);
    }
    /** Begin a world and return it. */
    begin(name, options = {}) {
        return new fake_js_1.Fake(this, name).begin(options);
    }
    /** Stop it, if it was started here. */
    stop() {
        return this.#stop();
    }
}
exports.FakeServer = FakeServer;
/**
 * Start a fake, or use the one that runs at `url`, and return it once it answers.
 *
 * A fake that was started here ends with `stop`, or with this process.
 *
 * @throws CannotStart - none was found, or it did not start
 * @throws Unreachable - nothing answers at `url`
 */
async function startFake(options = {}) {
    const token = options.token ?? process.env["FAKE_RUNWAY_ADMIN_TOKEN"];
    // who says how a fake is started wants one of those
    const asked = options.command !== undefined || options.serve !== undefined;
    const url = options.url ?? (asked ? undefined : process.env["FAKE_RUNWAY_URL"]);
    if (url) {
        const base = url.replace(/\/+$/, "").replace(/\/w\/[^/]+$/, "");
        const server = new FakeServer(base, token, false, async () => { });
        await new fake_js_1.Fake(server).health();
        return server;
    }
    return started(options);
}
/**
 * Return the command that starts the fake, without `serve`.
 *
 * @throws CannotStart - there is none; the message says what was tried
 */
function findCommand({ command, source, cwd = process.cwd() } = {}, env = process.env) {
    if (command !== undefined)
        return typeof command === "string" ? [command] : [...command];
    const name = WINDOWS ? "fake-runway.exe" : "fake-runway";
    const onPath = which(name, env);
    if (onPath)
        return [onPath];
    for (let folder = (0, node_path_1.resolve)(cwd);; folder = (0, node_path_1.dirname)(folder)) {
        const inVenv = (0, node_path_1.join)(folder, ".venv", WINDOWS ? "Scripts" : "bin", name);
        if (isExecutable(inVenv))
            return [inVenv];
        if ((0, node_path_1.dirname)(folder) === folder)
            break;
    }
    const tried = ["fake-runway on PATH", `.venv in ${(0, node_path_1.resolve)(cwd)} and above`];
    if (source !== undefined) {
        const uvx = which(WINDOWS ? "uvx.exe" : "uvx", env);
        if (uvx)
            return [uvx, "--from", source, "fake-runway"];
        const pipx = which(WINDOWS ? "pipx.exe" : "pipx", env);
        if (pipx)
            return [pipx, "run", "--spec", source, "fake-runway"];
        tried.push("uvx on PATH", "pipx on PATH");
    }
    const ending = source === undefined
        ? "; uvx and pipx are used only with a `source`, because without one they could run another's" +
            " package of that name"
        : "";
    throw new errors_js_1.CannotStart(`found no fake-runway to start. Tried: ${tried.join(", ")}${ending}. Install it into a` +
        " virtual environment (python3 -m venv .venv && .venv/bin/pip install SOURCE, where SOURCE is" +
        " a checkout or a wheel of fake-runway), or give a `command`, or the `url` of a fake that runs.");
}
async function started(options) {
    const [program, ...first] = findCommand(options);
    const folder = (0, node_fs_1.mkdtempSync)((0, node_path_1.join)((0, node_os_1.tmpdir)(), "fake-runway-"));
    const ready = (0, node_path_1.join)(folder, "ready.json");
    const log = (0, node_path_1.join)(folder, "log");
    const args = [...first, "serve", "--port", "0", "--ready-file", ready, ...(options.serve ?? [])];
    const output = (0, node_fs_1.openSync)(log, "w");
    const child = (0, node_child_process_1.spawn)(program, args, {
        cwd: options.cwd ?? process.cwd(),
        stdio: ["ignore", output, output],
        windowsHide: true,
    });
    (0, node_fs_1.closeSync)(output);
    const guard = new Guard(child, folder);
    try {
        const url = await guard.served(ready, log, options.timeoutMs ?? 60_000);
        const token = tokenIn(options.serve ?? [], log);
        child.unref();
        return new FakeServer(url, token, true, () => guard.stop());
    }
    catch (error) {
        await guard.stop();
        throw error;
    }
}
/** Ends a child process: on request, when this process exits, and when a signal ends it. */
class Guard {
    child;
    folder;
    exited;
    failure;
    over = false;
    constructor(child, folder) {
        this.child = child;
        this.folder = folder;
        this.exited = new Promise((resolve) => {
            const end = () => {
                this.over = true;
                this.release();
                resolve();
            };
            child.once("exit", end);
            child.once("error", (error) => {
                this.failure = error;
                end();
            });
        });
        process.on("exit", this.onExit);
        for (const signal of SIGNALS)
            process.on(signal, this.onSignal);
    }
    /** Return the address at which the child serves, from the file that it writes then. */
    async served(ready, log, timeoutMs) {
        for (let waited = 0; waited < timeoutMs; waited += POLL_MS) {
            if (this.failure) {
                throw new errors_js_1.CannotStart(`cannot run ${this.child.spawnfile}: ${this.failure.message}`);
            }
            try {
                return JSON.parse((0, node_fs_1.readFileSync)(ready, "utf8")).url;
            }
            catch {
                // it does not serve yet
            }
            if (this.over)
                throw new errors_js_1.CannotStart(`fake-runway ended at once: ${endOf(log)}`);
            await new Promise((resolve) => later(resolve, POLL_MS));
        }
        throw new errors_js_1.CannotStart(`fake-runway did not start within ${timeoutMs} ms: ${endOf(log)}`);
    }
    async stop() {
        if (!this.over) {
            this.child.ref();
            this.child.kill("SIGTERM");
            const timer = later(() => this.child.kill("SIGKILL"), STOP_MS);
            await this.exited;
            clearTimeout(timer);
        }
        (0, node_fs_1.rmSync)(this.folder, { recursive: true, force: true });
    }
    release() {
        process.off("exit", this.onExit);
        for (const signal of SIGNALS)
            process.off(signal, this.onSignal);
    }
    onExit = () => {
        this.child.kill("SIGTERM");
        (0, node_fs_1.rmSync)(this.folder, { recursive: true, force: true });
    };
    onSignal = (signal) => {
        this.onExit();
        this.release();
        // without a listener of another's the signal would have ended this process
        if (process.listenerCount(signal) === 0)
            process.kill(process.pid, signal);
    };
}
function tokenIn(serve, log) {
    const at = serve.indexOf("--admin-token");
    const joined = serve.find((each) => each.startsWith("--admin-token="));
    if (joined)
        return joined.slice("--admin-token=".length);
    if (at !== -1)
        return serve[at + 1];
    const printed = /^# admin token: (\S+)$/m.exec((0, node_fs_1.readFileSync)(log, "utf8"));
    return printed?.[1] ?? process.env["FAKE_RUNWAY_ADMIN_TOKEN"];
}
function endOf(log) {
    const text = (0, node_fs_1.readFileSync)(log, "utf8").trim();
    return text.slice(-LONGEST_LOG) || "it printed nothing";
}
function which(name, env) {
    const folders = (env["PATH"] ?? env["Path"] ?? "").split(node_path_1.delimiter).filter(Boolean);
    return folders.map((folder) => (0, node_path_1.join)(folder, name)).find(isExecutable);
}
function isExecutable(path) {
    try {
        (0, node_fs_1.accessSync)(path, node_fs_1.constants.X_OK);
        return (0, node_fs_1.statSync)(path).isFile();
    }
    catch {
        return false;
    }
}
