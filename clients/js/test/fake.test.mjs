/** The client, against a real fake. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import RunwayML from "@runwayml/sdk";

import {
  BadRequest,
  Conflict,
  Fake,
  NoSuch,
  NotAllowed,
  startFake,
  Transport,
  Unreachable,
  VerificationFailed,
  WaitTimedOut,
} from "fake-runway";

const AVATAR = { type: "runway-preset", presetId: "music-superstar" };
let server;
let number = 0;

before(async () => {
  server = await startFake({ serve: ["--journal", "5"] });
});
after(() => server.stop());

/** End a server that stands in for a fake. */
function closed(other) {
  other.closeAllConnections();
  other.close();
}

/** Return a world of its own, and the official SDK as a client of it. */
async function world(options = { rate: 0 }) {
  number += 1;
  const fake = await server.begin(`world-${number}`, options);
  const runway = new RunwayML({ baseURL: fake.baseUrl, apiKey: fake.secret, maxRetries: 0 });
  const create = () => runway.realtimeSessions.create({ model: "gwm1_avatars", avatar: AVATAR });
  return { fake, runway, create };
}

test("a session lives by the world's clock", async () => {
  const { fake, runway, create } = await world();
  const { id } = await create();
  const before = await fake.clock.now();
  const clock = await fake.clock.next();
  assert.equal((await runway.realtimeSessions.retrieve(id)).status, "READY");
  assert.equal((await fake.sessions.get(id)).state, "ready");
  assert.ok(clock.now > before);
  assert.equal((await fake.clock.jump("5m")).now, clock.now + 300);
  assert.equal((await fake.clock.jump(1.5)).now, clock.now + 301.5);
  assert.equal((await fake.clock.jumpTo(clock.now + 400)).now, clock.now + 400);
  assert.equal((await fake.sessions.get(id)).state, "failed");
  assert.match((await fake.timeline(id)).lines.join("\n"), /expired/);
});

test("sessions are made, changed, listed and reported", async () => {
  const { fake } = await world();
  const made = await fake.sessions.make("ready", { max_duration_s: 60 });
  assert.equal(made.max_duration_s, 60);
  assert.ok(made.session_key);
  await fake.sessions.occur(made.id, "consumed");
  const other = await fake.sessions.make();
  assert.deepEqual((await fake.sessions.fail(other.id, "X", "y")).failure, { code: "X", text: "y" });
  assert.deepEqual([...(await fake.sessions.list({ state: "failed" }))].map(({ id }) => id), [other.id]);
  assert.equal((await fake.sessions.list({ limit: 1 })).gone, 0);
  const joined = { event: "joined", participant: "user:1", hidden: false };
  assert.equal((await fake.sessions.report(made.id, joined)).state, "running");
});

test("an avatar that is not at work is told nothing", async () => {
  const { fake } = await world();
  const session = await fake.sessions.get((await fake.sessions.make("running")).id);
  await assert.rejects(session.say("Hello."), Conflict);
  await assert.rejects(session.say("Hello.", { words_per_s: 3 }), Conflict);
  await assert.rejects(session.hangUp(), Conflict);
  await assert.rejects(session.clientEvent("show_price"), Conflict);
  await assert.rejects(session.callTool("look_up_price", { a: 1 }, { within: 2 }), Conflict);
  await assert.rejects(session.direct({ shout: "Hello." }), BadRequest);
});

test("faults strike until they are removed", async () => {
  const { fake, create } = await world();
  const busy = await fake.fault({ effect: { status: 429 }, match: { operation: "createSession" } });
  await assert.rejects(create(), { status: 429 });
  assert.deepEqual((await fake.faults()).map(({ name, struck }) => [name, struck]), [[busy.name, 1]]);
  await busy.remove();
  await create();
  await fake.fault({ name: "a/b", effect: { status: 500 } });
  await fake.removeFault("a/b");
  await fake.removeFaults();
  await assert.rejects(busy.remove(), NoSuch);
});

test("scenarios, avatars and credits are set", async () => {
  const { fake, create } = await world({ scenario: { account: { credits: 1 } }, seed: 7 });
  await assert.rejects(create(), { status: 402 });
  assert.equal((await fake.credits.set(10)).left, 10);
  await create();
  assert.equal((await fake.credits.get()).spent, 2);
  assert.equal((await fake.scenario("create-429-twice")).name, "create-429-twice");
  assert.equal((await fake.currentScenario()).name, "create-429-twice");
  assert.ok((await fake.scenarios()).some(({ name }) => name === "create-429-twice"));
  await fake.bindAvatar("music-superstar", { provision_time: "never" });
  await fake.unbindAvatar("music-superstar");
  await assert.rejects(fake.unbindAvatar("music-superstar"), NoSuch);
  const wrong = fake.scenario({ account: { credit: 1 } });
  await assert.rejects(wrong, (error) => {
    return error instanceof BadRequest && error.status === 400 && /credit/.test(error.message);
  });
  await assert.rejects(fake.scenario("unheard-of"), { code: "unknown", operation: "putScenario" });
});

test("snapshots, forks and further worlds", async () => {
  const { fake, create } = await world();
  await fake.snapshot("before");
  await create();
  const copy = await fake.fork(`${fake.name}-copy`);
  assert.equal((await copy.look()).sessions, 1);
  assert.equal((await fake.restore("before")).sessions, 0);
  assert.deepEqual((await fake.snapshots()).map(({ name }) => name), ["before"]);
  await fake.deleteSnapshot("before");
  const another = fake.world();
  assert.equal(another.name, `${fake.name}.world-2`);
  assert.equal(fake.world("shop").name, `${fake.name}.shop`);
  assert.deepEqual(fake.others.map(({ name }) => name), [another.name, `${fake.name}.shop`]);
  await another.reset("create-429-twice", { seed: "1", rate: 0 });
  assert.equal((await another.look()).scenario, "create-429-twice");
  await another.drop();
  assert.ok(!(await fake.worlds()).some(({ name }) => name === another.name));
});

test("the variables of a world are set and restored", async () => {
  const { fake } = await world();
  const variables = { RUNWAYML_BASE_URL: "https://example.com" };
  const restore = fake.use(variables);
  assert.deepEqual(variables, fake.env);
  restore();
  assert.deepEqual(variables, { RUNWAYML_BASE_URL: "https://example.com" });
});

test("waits end when the thing happens, or time out", async () => {
  const { fake, create } = await world();
  const ready = fake.waitForSession("ready");
  const { id } = await create();
  await fake.clock.next();
  assert.equal((await ready).id, id);
  const session = await fake.waitForSession(["running", "ready"], { session: id, timeout: "1s" });
  assert.equal(session.state, "ready");
  const [call] = await fake.waitForCalls(1, { operation: "createSession", since: 0 });
  assert.equal(call.session, id);
  await assert.rejects(fake.waitForCalls(2, { timeout: "1ms" }), WaitTimedOut);
  await assert.rejects(fake.waitForSession("running", { timeout: 0.001 }), WaitTimedOut);
});

test("the right calls are verified", async () => {
  const { fake, runway, create } = await world();
  const { id } = await create();
  await runway.realtimeSessions.retrieve(id);
  assert.equal((await fake.verify(1, { operation: "createSession", body: { avatar: AVATAR } })).length, 1);
  await fake.verify();
  await fake.verify({ atMost: 3, session: id });
  await fake.verify({ atLeast: 1, atMost: 1, operation: "getSession" });
  await fake.verify(0, { operation: "deleteSession" });
  const calls = await fake.verifyOrder("createSession", { operation: "getSession", session: id });
  assert.deepEqual(calls.map(({ operation }) => operation), ["createSession", "getSession"]);
  await assert.rejects(fake.verify(2, { operation: "createSession" }), (error) => {
    assert.ok(error instanceof VerificationFailed);
    assert.match(error.message, /^expected exactly 2 calls with operation createSession, got 1 of 2 calls\n/);
    assert.match(error.message, /#\d+ createSession: POST \/v1\/realtime_sessions -> 200 {2}counts/);
    assert.match(error.message, /the nearest:[^]*operation: expected createSession, got getSession/);
    return true;
  });
  await assert.rejects(fake.verify({ body: { avatar: { presetId: "another" } } }), {
    message: /body\.avatar\.presetId: expected another, got music-superstar/,
  });
  await assert.rejects(fake.verify(0), /expected no call, got 2 of 2 calls/);
  await assert.rejects(fake.verifyOrder("getSession", "createSession"), {
    message: /number 2 did not come\n.*is number 1\n {2}there were no other calls/,
  });
  await assert.rejects(fake.verify({ atLeast: 2, atMost: 1 }), TypeError);
  await assert.rejects(fake.verify({ operatoin: "createSession" }), /got "operatoin"/);
});

test("what a journal has lost fails a verification", async () => {
  const { fake, runway, create } = await world();
  const { id } = await create();
  for (let i = 0; i < 5; i += 1) await runway.realtimeSessions.retrieve(id);
  const calls = await fake.journal.list();
  assert.deepEqual([calls.length, calls.total, calls.gone], [5, 6, 1]);
  await fake.verify({ atLeast: 5 });
  await assert.rejects(fake.verify(5), /no longer has 1 calls that may count: serve with a larger/);
  await assert.rejects(fake.verify({ atLeast: 6 }), VerificationFailed);
  await assert.rejects(fake.verifyOrder("getSession"), /no longer has 1 calls/);
});

test("a journal is read page by page", async (t) => {
  const paths = [];
  const calls = Array.from({ length: 150 }, (_, number) => ({ number }));
  const other = createServer((request, response) => {
    paths.push(request.url);
    const { searchParams } = new URL(request.url, "http://127.0.0.1");
    const before = Number(searchParams.get("before") ?? 150);
    const exchanges = calls.slice(Math.max(0, before - searchParams.get("limit")), before);
    response.end(JSON.stringify({ exchanges, total: 151, gone: 0, uncertain: 0, dropped: 0 }));
  }).listen(0, "127.0.0.1");
  t.after(() => closed(other)); // also when it fails, or the process would stay
  await once(other, "listening");
  const fake = new Fake({ url: `http://127.0.0.1:${other.address().port}` }, "w");
  const all = await fake.journal.list({ status: 200 });
  assert.deepEqual([...all], calls);
  assert.equal(all.gone, 1); // evicted while the pages were read
  assert.equal((await fake.journal.list({ limit: 100 })).length, 100);
  assert.deepEqual(paths, [
    "/w/w/__admin/journal?status=200&limit=100",
    "/w/w/__admin/journal?status=200&limit=100&before=50",
    "/w/w/__admin/journal?limit=100",
  ]);
});

test("the journal is filtered and deleted", async () => {
  const big = await startFake({ url: server.url });
  const { fake, create } = await world();
  const { id } = await create();
  const runway = new RunwayML({ baseURL: fake.baseUrl, apiKey: fake.secret });
  await runway.realtimeSessions.retrieve(id);
  assert.equal(big.own, false);
  assert.equal((await fake.journal.list({ status: 200, session: id })).length, 2);
  assert.equal((await fake.journal.list({ limit: 1 }))[0].operation, "getSession");
  await fetch(`${fake.baseUrl}/v1/realtime_session`);
  assert.equal((await fake.journal.unmatched())[0].nearest, "/v1/realtime_sessions");
  await fake.journal.clear();
  assert.equal((await fake.journal.list()).length, 0);
  await assert.rejects(fake.replayToken(), Conflict);
});

test("findings compare as an array", async () => {
  const { fake } = await world();
  const none = await fake.findings();
  assert.deepEqual(none, []);
  assert.equal(none.gone, 0);
  const headers = { Authorization: `Bearer ${fake.secret}` };
  await fetch(`${fake.baseUrl}/v1/organization?key=${fake.secret}`, { headers });
  assert.ok((await fake.findings()).some(({ id }) => id === "secret-in-url"));
});

test("a run is replayed as another world", async () => {
  const { fake, create } = await world();
  await create();
  const replayed = await fake.replay(await fake.replayToken(), { name: `${fake.name}-again` });
  assert.equal(replayed.identical, true);
});

test("errors say which operation failed, and why", async (t) => {
  const { fake } = await world();
  assert.equal((await fake.health()).status, "ok");
  await assert.rejects(fake.clock.next(), Conflict);
  const gone = startFake({ url: "http://127.0.0.1:1" });
  await assert.rejects(gone, (error) => {
    return error instanceof Unreachable && /^getAdminHealth: no answer from/.test(error.message);
  });
  const other = createServer((_, response) => response.end("a page")).listen(0, "127.0.0.1");
  t.after(() => closed(other));
  await once(other, "listening");
  const page = new Transport({ url: `http://127.0.0.1:${other.address().port}` });
  await assert.rejects(page.send("getAdminHealth", "GET /health"), Unreachable);
  assert.equal(new NotAllowed("x", "y").name, "NotAllowed");
});

test("events come as they happen, and again from any of them", async () => {
  const { fake, create } = await world();
  const events = fake.events({ after: "0" });
  const { id } = await create();
  const seen = [];
  for await (const event of events) {
    seen.push(event);
    if (JSON.stringify(event).includes(id)) break;
  }
  const again = [];
  for await (const event of fake.events({ after: "0" })) {
    again.push(event.kind);
    if (again.length === seen.length) break;
  }
  assert.deepEqual(again, seen.map(({ kind }) => kind));
  await assert.rejects(fake.events({ after: "yesterday" }).next(), /Expected the id of an event/);
});

test("tasks are listed, and have a timeline", async () => {
  const { fake, runway } = await world();
  const made = await runway.textToImage.create({
    model: "gen4_image",
    promptText: "a kettle",
    ratio: "1920:1080",
  });
  assert.deepEqual((await fake.tasks.list()).map(({ id }) => id), [made.id]);
  assert.equal((await fake.tasks.get(made.id)).state, "pending");
  assert.ok((await fake.tasks.timeline(made.id)).lines.length > 0);
  assert.equal((await fake.scenarioNamed("create-429-twice")).name, "create-429-twice");
});
