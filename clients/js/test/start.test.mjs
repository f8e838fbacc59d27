/** Finding, starting and stopping a fake. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { CannotStart, findCommand, startFake } from "fake-runway";

import { ROOT } from "./processes.mjs";

const FOLDER = mkdtempSync(join(tmpdir(), "fake-runway-test-"));
after(() => rmSync(FOLDER, { recursive: true }));

/** Make an executable file and return its path. */
function program(folder, name, text = "#!/bin/sh\n") {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

test("a command is found in a fixed order", () => {
  const onPath = join(FOLDER, "bin");
  const project = join(FOLDER, "project");
  const cwd = join(project, "packages", "app");
  const source = "./fake_runway.whl";
  const find = (options = {}) => findCommand({ cwd, ...options }, { PATH: onPath });
  mkdirSync(cwd, { recursive: true });

  assert.throws(find, CannotStart);
  assert.throws(() => find({ source }), /uvx on PATH, pipx on PATH/);
  const pipx = program(onPath, "pipx");
  assert.deepEqual(find({ source }), [pipx, "run", "--spec", source, "fake-runway"]);
  const uvx = program(onPath, "uvx");
  assert.deepEqual(find({ source }), [uvx, "--from", source, "fake-runway"]);
  assert.throws(find, /uvx and pipx are used only with a `source`/);
  const inVenv = program(join(project, ".venv", "bin"), "fake-runway");
  assert.deepEqual(find({ source }), [inVenv]);
  const first = program(onPath, "fake-runway");
  assert.deepEqual(find(), [first]);
  assert.deepEqual(find({ command: ["python", "-m", "fake_runway"] }), ["python", "-m", "fake_runway"]);
  assert.deepEqual(find({ command: "elsewhere" }), ["elsewhere"]);
});

test("without a fake the error says what was tried and how to install one", () => {
  assert.throws(() => findCommand({ cwd: FOLDER }, { PATH: "/nowhere" }), (error) => {
    assert.ok(error.message.includes(`fake-runway on PATH, .venv in ${FOLDER} and above`));
    assert.match(error.message, /pip install SOURCE/);
    return true;
  });
});

test("a command that does not serve is an error with what it printed", async () => {
  const broken = program(FOLDER, "broken", "#!/bin/sh\necho no such option >&2\nexit 2\n");
  await assert.rejects(startFake({ command: broken }), /ended at once: no such option/);
  await assert.rejects(startFake({ command: join(FOLDER, "missing") }), CannotStart);
  const slow = program(FOLDER, "slow", "#!/bin/sh\nexec sleep 100\n");
  await assert.rejects(startFake({ command: slow, timeoutMs: 40 }), /did not start within 40 ms/);
});

test("CommonJS gets the same", () => {
  const required = createRequire(import.meta.url)("fake-runway");
  assert.equal(typeof required.startFake, "function");
  assert.notEqual(required.startFake, startFake);
});

test("a fake that runs is used, unless it is said how to start one", async () => {
  const paths = [];
  const server = createServer((request, response) => {
    paths.push(request.url);
    response.end('{"status": "ok", "version": "1"}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  process.env.FAKE_RUNWAY_URL = `${url}/w/mine/`;
  try {
    assert.equal((await startFake()).url, url);
    await assert.rejects(startFake({ command: join(FOLDER, "missing") }), CannotStart);
  } finally {
    delete process.env.FAKE_RUNWAY_URL;
    server.closeAllConnections();
    server.close();
  }
  assert.deepEqual(paths, ["/__admin/health"]);
});

/** Start a fake in another process of Node, and return what it printed and what ends both. */
async function elsewhere(more) {
  const text = `
    import { startFake } from "fake-runway";
    const server = await startFake();
    console.log(server.url);
    ${more}
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", text], { cwd: ROOT });
  const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve(signal ?? code)));
  const url = await new Promise((resolve, reject) => {
    child.stdout.once("data", (part) => resolve(String(part).trim()));
    child.stderr.once("data", (part) => reject(new Error(String(part))));
  });
  return { child, ended, url };
}

async function isGone(url) {
  for (let i = 0; i < 500; i += 1) {
    try {
      await fetch(`${url}/health`);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

test("a fake ends with the process that started it, which it does not keep alive", async () => {
  const { ended, url } = await elsewhere("");
  assert.equal(await ended, 0);
  assert.ok(await isGone(url));
});

test("a fake ends when the process that started it is interrupted", async () => {
  const { child, ended, url } = await elsewhere("setInterval(() => {}, 1000);");
  child.kill("SIGINT");
  assert.equal(await ended, "SIGINT");
  assert.ok(await isGone(url));
});
