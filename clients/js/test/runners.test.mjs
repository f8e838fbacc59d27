/** Each runner, with the examples and with tests that fail, in front of one fake. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { startFake } from "fake-runway";

import { run } from "./processes.mjs";

const VITEST = "node_modules/vitest/vitest.mjs";
const JEST = "node_modules/jest/bin/jest.js";
const PLAYWRIGHT = "node_modules/@playwright/test/cli.js";
const OUTPUT_DIR = mkdtempSync(join(tmpdir(), "fake-runway-test-"));
let server;

before(async () => {
  server = await startFake();
});
after(async () => {
  await server.stop();
  rmSync(OUTPUT_DIR, { recursive: true });
});

/** Run a runner in front of the fake. */
function runner(...args) {
  return run(args, { FAKE_RUNWAY_URL: server.url, OUTPUT_DIR });
}

/** Check that an output has the report of the test that fails. */
function checkReport(output) {
  assert.match(output, /fake Runway/);
  assert.match(output, /session 1: [0-9a-f-]{36}, ready/);
  assert.match(output, /replay the calls: fake-runway replay (fr1\.|\S+\.token)/);
}

test("vitest: the example passes", async () => {
  const { code, output } = await runner(VITEST, "run", "--root", "examples/vitest");
  assert.equal(code, 0, output);
  assert.match(output, /Tests {2}3 passed/);
});

test("vitest: a failure is reported, and a mistake of a test that passes", async () => {
  const { code, output } = await runner(VITEST, "run", "--root", "test/runners", "vitest.test.mjs");
  assert.equal(code, 1);
  assert.match(output, /1 failed \| 1 passed/);
  checkReport(output);
  assert.match(output, /forgets a session passed, but: error secret-in-url/);
  assert.match(output, /forgets a session passed, but: warning never-polled/);
});

test("jest: the example passes, and failures and timeouts are reported", async () => {
  const { code, output } = await runner(JEST, "--rootDir", ".", "--runInBand", "--testMatch", "**/*.test.cjs");
  assert.equal(code, 1, output);
  assert.match(output, /2 failed, 2 passed/);
  checkReport(output);
  assert.match(output, /session 1: [0-9a-f-]{36}, queued/);
});

test("Playwright: the example passes", async () => {
  const { code, output } = await runner(PLAYWRIGHT, "test", "-c", "examples/playwright", "--output", OUTPUT_DIR);
  assert.equal(code, 0, output);
  assert.match(output, /2 passed/);
});

test("Playwright: a failure is reported and attached", async () => {
  const { code, output } = await runner(PLAYWRIGHT, "test", "-c", "test/runners/playwright.config.mjs");
  assert.equal(code, 1, output);
  checkReport(output);
  assert.match(output, /attachment #1: fake Runway/);
});
