/**
 * Starts `fake-runway serve` as a child process, or uses one that runs, and stops what it started.
 *
 * The Python package is found in this order: a given command; `fake-runway` on PATH; `.venv` in the
 * working directory or above; `uvx` or `pipx` with a given source. Without a source those two are
 * never used: the name is not reserved, so they could run another's package.
 */
import { Fake } from "./fake.js";
import type { WorldOptions } from "./fake.js";
import type { Address } from "./transport.js";
export interface StartOptions {
    /**
     * A fake that runs already; unless given, FAKE_RUNWAY_URL where neither `command` nor `serve` is.
     * Nothing is started or stopped then.
     */
    url?: string | undefined;
    /** The token of its admin API; FAKE_RUNWAY_ADMIN_TOKEN unless given. */
    token?: string | undefined;
    /** What starts the fake, such as `["python", "-m", "fake_runway"]`. */
    command?: string | readonly string[] | undefined;
    /** For `uvx` and `pipx`: where the package is, as pip takes it (a path, a wheel, `git+https`). */
    source?: string | undefined;
    /** Options of `fake-runway serve`, such as `["--credits", "5"]`. */
    serve?: readonly string[] | undefined;
    /** Where to look for `.venv`, and where the fake runs; the working directory unless given. */
    cwd?: string | undefined;
    /** How long the fake may take to start, real milliseconds; 60,000 unless given. */
    timeoutMs?: number | undefined;
}
/** A fake that serves. */
export declare class FakeServer implements Address {
    #private;
    readonly url: string;
    /** Whether it was started here, so that its worlds are this process's own. */
    readonly own: boolean;
    constructor(url: string, token: string | undefined, 
    /** Whether it was started here, so that its worlds are this process's own. */
    own: boolean, stop: () => Promise<void>);
    /** The token of its admin API, if it has one. */
    get token(): string | undefined;
    /** Return a world of it; without a name: the only one of the server. */
    world(name?: string): Fake;
    /** Begin a world and return it. */
    begin(name: string, options?: WorldOptions): Promise<Fake>;
    /** Stop it, if it was started here. */
    stop(): Promise<void>;
}
/**
 * Start a fake, or use the one that runs at `url`, and return it once it answers.
 *
 * A fake that was started here ends with `stop`, or with this process.
 *
 * @throws CannotStart - none was found, or it did not start
 * @throws Unreachable - nothing answers at `url`
 */
export declare function startFake(options?: StartOptions): Promise<FakeServer>;
/**
 * Return the command that starts the fake, without `serve`.
 *
 * @throws CannotStart - there is none; the message says what was tried
 */
export declare function findCommand({ command, source, cwd }?: StartOptions, env?: NodeJS.ProcessEnv): string[];
