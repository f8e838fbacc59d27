import { expect } from "vitest";
import { test } from "fake-runway/vitest";

import { connect } from "../app/connect.mjs";

test("a session is created once, and READY when the answer goes out", async ({ fake }) => {
  const connecting = connect("music-superstar", { pollMs: 100 });
  await fake.waitForCalls(1, { operation: "getSession" });
  await fake.clock.next(); // READY, without waiting

  const { sessionId } = await connecting;

  expect((await fake.sessions.get(sessionId)).state).toBe("ready");
  await fake.verify(1, { operation: "createSession" });
  await fake.verifyOrder("createSession", { operation: "getSession", session: sessionId });
});

test("a session that fails is an error", async ({ fake }) => {
  await fake.scenario({ session: { provision_time: "never" } });
  const connecting = connect("music-superstar", { pollMs: 50 });
  const [created] = await fake.waitForCalls(1, { operation: "createSession" });
  const failed = expect(connecting).rejects.toThrow("the session is FAILED");

  await fake.sessions.fail(created?.session ?? "");

  await failed;
  expect(await fake.findings()).toEqual([]);
});

const busy = test.extend({ fakeOptions: { scenario: "create-429-twice", rate: 60 } });

busy("a create that is refused with 429 is tried again", async ({ fake }) => {
  await connect("music-superstar", { pollMs: 50 });

  await fake.verify(2, { operation: "createSession", status: 429 });
  await fake.verify(1, { operation: "createSession", status: 200 });
});
