/**
 * Starts `fake-runway serve` as a child process, or uses one that runs, and stops what it started.
 *
 * The Python package is found in this order: a given command; `fake-runway` on PATH; `.venv` in the
 * working directory or above; `uvx` or `pipx` with a given source. Without a source those two are
 * never used: the name is not reserved, so they could run another's package.
 */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import {
  accessSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";

import { CannotStart } from "./errors.js";
import { Fake } from "./fake.js";
import type { WorldOptions } from "./fake.js";
import type { Address } from "./transport.js";

// kept, because a test may replace the timers
const { setTimeout: later } = globalThis;

const POLL_MS = 20;
const STOP_MS = 5_000;
const LONGEST_LOG = 2_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const WINDOWS = process.platform === "win32";

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
export class FakeServer implements Address {
  readonly #token: string | undefined; // so that nothing that prints this shows it
  readonly #stop: () => Promise<void>;

  constructor(
    readonly url: string,
    token: string | undefined,
    /** Whether it was started here, so that its worlds are this process's own. */
    readonly own: boolean,
    stop: () => Promise<void>,
  ) {
    this.#token = token;
    this.#stop = stop;
  }

  /** The token of its admin API, if it has one. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Return a world of it; without a name: the only one of the server. */
  world(name?: string): Fake {
    return new Fake(this, name);
  }

  /** Begin a world and return it. */
  begin(name: string, options: WorldOptions = {}): Promise<Fake> {
    return new Fake(this, name).begin(options);
  }

  /** Stop it, if it was started here. */
  stop(): Promise<void> {
    return this.#stop();
  }
}

/**
 * Start a fake, or use the one that runs at `url`, and return it once it answers.
 *
 * A fake that was started here ends with `stop`, or with this process.
 *
 * @throws CannotStart - none was found, or it did not start
 * @throws Unreachable - nothing answers at `url`
 */
export async function startFake(options: StartOptions = {}): Promise<FakeServer> {
  const token = options.token ?? process.env["FAKE_RUNWAY_ADMIN_TOKEN"];
  // who says how a fake is started wants one of those
  const asked = options.command !== undefined || options.serve !== undefined;
  const url = options.url ?? (asked ? undefined : process.env["FAKE_RUNWAY_URL"]);
  if (url) {
    const base = url.replace(/\/+$/, "").replace(/\/w\/[^/]+$/, "");
    const server = new FakeServer(base, token, false, async () => {});
    await new Fake(server).health();
    return server;
  }
  return started(options);
}

/**
 * Return the command that starts the fake, without `serve`.
 *
 * @throws CannotStart - there is none; the message says what was tried
 */
export function findCommand(
  { command, source, cwd = process.cwd() }: StartOptions = {},
  env: NodeJS.ProcessEnv = process.env,
): string[] {
  if (command !== undefined) return typeof command === "string" ? [command] : [...command];
  const name = WINDOWS ? "fake-runway.exe" : "fake-runway";
  const onPath = which(name, env);
  if (onPath) return [onPath];
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const inVenv = join(folder, ".venv", WINDOWS ? "Scripts" : "bin", name);
    if (isExecutable(inVenv)) return [inVenv];
    if (dirname(folder) === folder) break;
  }
  const tried = ["fake-runway on PATH", `.venv in ${resolve(cwd)} and above`];
  if (source !== undefined) {
    const uvx = which(WINDOWS ? "uvx.exe" : "uvx", env);
    if (uvx) return [uvx, "--from", source, "fake-runway"];
    const pipx = which(WINDOWS ? "pipx.exe" : "pipx", env);
    if (pipx) return [pipx, "run", "--spec", source, "fake-runway"];
    tried.push("uvx on PATH", "pipx on PATH");
  }
  const ending =
    source === undefined
      ? "; uvx and pipx are used only with a `source`, because without one they could run another's" +
        " package of that name"
      : "";
  throw new CannotStart(
    `found no fake-runway to start. Tried: ${tried.join(", ")}${ending}. Install it into a` +
      " virtual environment (python3 -m venv .venv && .venv/bin/pip install SOURCE, where SOURCE is" +
      " a checkout or a wheel of fake-runway), or give a `command`, or the `url` of a fake that runs.",
  );
}

async function started(options: StartOptions): Promise<FakeServer> {
  const [program, ...first] = findCommand(options) as [string, ...string[]];
  const folder = mkdtempSync(join(tmpdir(), "fake-runway-"));
  const ready = join(folder, "ready.json");
  const log = join(folder, "log");
  const args = [...first, "serve", "--port", "0", "--ready-file", ready, ...(options.serve ?? [])];
  const output = openSync(log, "w");
  const child = spawn(program, args, {
    cwd: options.cwd ?? process.cwd(),
    stdio: ["ignore", output, output],
    windowsHide: true,
  });
  closeSync(output);
  const guard = new Guard(child, folder);
  try {
    const url = await guard.served(ready, log, options.timeoutMs ?? 60_000);
    const token = tokenIn(options.serve ?? [], log);
    child.unref();
    return new FakeServer(url, token, true, () => guard.stop());
  } catch (error) {
    await guard.stop();
    throw error;
  }
}

/** Ends a child process: on request, when this process exits, and when a signal ends it. */
class Guard {
  private readonly exited: Promise<void>;
  private failure: Error | undefined;
  private over = false;

  constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {
    this.exited = new Promise((resolve) => {
      const end = (): void => {
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
    for (const signal of SIGNALS) process.on(signal, this.onSignal);
  }

  /** Return the address at which the child serves, from the file that it writes then. */
  async served(ready: string, log: string, timeoutMs: number): Promise<string> {
    for (let waited = 0; waited < timeoutMs; waited += POLL_MS) {
      if (this.failure) {
        throw new CannotStart(`cannot run ${this.child.spawnfile}: ${this.failure.message}`);
      }
      try {
        return (JSON.parse(readFileSync(ready, "utf8")) as { url: string }).url;
      } catch {
        // it does not serve yet
      }
      if (this.over) throw new CannotStart(`fake-runway ended at once: ${endOf(log)}`);
      await new Promise((resolve) => later(resolve, POLL_MS));
    }
    throw new CannotStart(`fake-runway did not start within ${timeoutMs} ms: ${endOf(log)}`);
  }

  async stop(): Promise<void> {
    if (!this.over) {
      this.child.ref();
      this.child.kill("SIGTERM");
      const timer = later(() => this.child.kill("SIGKILL"), STOP_MS);
      await this.exited;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private release(): void {
    process.off("exit", this.onExit);
    for (const signal of SIGNALS) process.off(signal, this.onSignal);
  }

  private readonly onExit = (): void => {
    this.child.kill("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  };

  private readonly onSignal = (signal: NodeJS.Signals): void => {
    this.onExit();
    this.release();
    // without a listener of another's the signal would have ended this process
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
}

function tokenIn(serve: readonly string[], log: string): string | undefined {
  const at = serve.indexOf("--admin-token");
  const joined = serve.find((each) => each.startsWith("--admin-token="));
  if (joined) return joined.slice("--admin-token=".length);
  if (at !== -1) return serve[at + 1];
  const printed = /^# admin token: (\S+)$/m.exec(readFileSync(log, "utf8"));
  return printed?.[1] ?? process.env["FAKE_RUNWAY_ADMIN_TOKEN"];
}

function endOf(log: string): string {
  const text = readFileSync(log, "utf8").trim();
  return text.slice(-LONGEST_LOG) || "it printed nothing";
}

function which(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
