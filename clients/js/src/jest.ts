/** `fakeTest` for jest: a test with a world of the fake. */

import { relative } from "node:path";

import type { Fake, WorldOptions } from "./fake.js";
import { endWorld, START_MS, TITLE, WorldsOfTests } from "./worlds.js";
import type { Titled } from "./worlds.js";

/** What a test is given: its world. RUNWAYML_BASE_URL and RUNWAYML_API_SECRET lead there. */
export interface FakeContext {
  fake: Fake;
}

type Body = (context: FakeContext) => unknown;
type Declare = (name: string, body: () => Promise<void>, timeout?: number) => void;

interface JestGlobals {
  test?: Declare & { only: Declare; skip: Declare };
  expect?: { getState(): { currentTestName?: string; testPath?: string } };
  beforeAll?: (body: () => Promise<void>, timeout: number) => void;
  afterEach?: (body: () => Promise<void>) => void;
  afterAll?: (body: () => Promise<void>) => void;
}

/** Declares a test, as jest's `test` does. */
export interface FakeTest {
  (name: string, body: Body, timeout?: number): void;
  only(name: string, body: Body, timeout?: number): void;
  skip(name: string, body: Body, timeout?: number): void;
  /** Return what declares tests whose worlds begin as the options say. */
  with(options: WorldOptions): FakeTest;
}

const worlds = new WorldsOfTests();
let running: { fake: Fake; titled: Titled } | undefined;

const { beforeAll, afterEach, afterAll } = globalThis as JestGlobals;
beforeAll?.(async () => void (await worlds.start()), START_MS); // not within the time of a test
afterEach?.(reportTimeout);
afterAll?.(() => worlds.stop());

export const fakeTest: FakeTest = declaring({});

function declaring(options: WorldOptions): FakeTest {
  const declare =
    (pick: (test: NonNullable<JestGlobals["test"]>) => Declare) =>
    (name: string, body: Body, timeout?: number): void => {
      const { test } = globalThis as JestGlobals;
      if (test === undefined) throw new Error("expected jest's globals, such as `test`");
      pick(test)(name, () => inWorld(name, body, options), timeout);
    };
  return Object.assign(declare((test) => test), {
    only: declare((test) => test.only),
    skip: declare((test) => test.skip),
    with: (more: WorldOptions) => declaring({ ...options, ...more }),
  });
}

async function inWorld(title: string, body: Body, options: WorldOptions): Promise<void> {
  const { currentTestName = title, testPath = "" } =
    (globalThis as JestGlobals).expect?.getState() ?? {};
  const titled = { title, unique: `${relative(process.cwd(), testPath)}\n${currentTestName}` };
  const fake = await worlds.begin(titled, options);
  const restore = fake.use();
  running = { fake, titled };
  try {
    await body({ fake });
  } catch (error) {
    running = undefined;
    const report = await endWorld(fake, titled, true);
    throw withReport(error, report ?? "");
  } finally {
    restore();
  }
  running = undefined;
  await endWorld(fake, titled, false);
}

/** Print the report of a test that has not ended: jest gave it up, and shows an error of its own. */
async function reportTimeout(): Promise<void> {
  if (running === undefined) return;
  const { fake, titled } = running;
  running = undefined;
  console.error(`${TITLE}\n${await endWorld(fake, titled, true)}`);
}

/** Return an error whose message ends with a report; jest shows the stack, which begins with it. */
function withReport(error: unknown, report: string): unknown {
  const text = `\n\n${TITLE}\n${report}`;
  if (!(error instanceof Object && "message" in error)) return new Error(`${String(error)}${text}`);
  const failed = error as { message: string; stack?: string };
  const before = failed.message;
  failed.message = before + text;
  if (failed.stack?.includes(before)) {
    failed.stack = failed.stack.replace(before, () => failed.message);
  }
  return failed;
}
