// My 30 s time-out, tested with fake timers. Run it in front of a fake:
//   fake-runway run -- node --test examples/timeouts/flow.test.mjs

import assert from "node:assert/strict";
import { test } from "node:test";

import { NotInTime, readySession } from "./flow.mjs";

/** The admin API of a world of its own, with a frozen clock. */
async function world(name, scenario) {
  const at = `${process.env.FAKE_RUNWAY_URL.replace(/\/w\/.*/, "")}/w/${name}`;
  process.env.RUNWAYML_BASE_URL = at;
  const admin = async (method, path, body) => {
    const answer = await fetch(`${at}/__admin${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      body: body && JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  await admin("POST", "/reset", { name: scenario, rate: 0 });
  return admin;
}

/** Let both clocks go on together, second by second, until `work` has ended. */
async function onBothClocks(t, admin, work) {
  t.mock.timers.enable({ apis: ["Date", "setTimeout"], now: 0 });
  let ended = false;
  const done = work().finally(() => (ended = true));
  done.catch(() => undefined); // it is awaited below
  while (!ended) {
    await admin("POST", "/clock/move", { by: "1s" }); // a real request: the flow gets its turns
    t.mock.timers.tick(1_000);
  }
  return done;
}

test("a short deadline, in real time", async () => {
  const admin = await world("short", "never-ready");
  await assert.rejects(readySession("music-superstar", { deadlineMs: 100, pollMs: 20 }), NotInTime);
  const { sessions } = await admin("GET", "/sessions");
  assert.deepEqual(sessions.map((each) => each.state), ["cancelled"]);
});

test("the real deadline: ready well before it", async (t) => {
  const admin = await world("in-time", "slow"); // after 15 s
  const key = await onBothClocks(t, admin, () => readySession("music-superstar"));
  assert.match(key, /^stk_/);
});

test("the real deadline: never ready", async (t) => {
  const admin = await world("too-late", "never-ready");
  await assert.rejects(onBothClocks(t, admin, () => readySession("music-superstar")), NotInTime);
  const { sessions } = await admin("GET", "/sessions");
  assert.deepEqual(sessions.map((each) => each.state), ["cancelled"]);
});
