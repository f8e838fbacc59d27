import { expect, test } from "fake-runway/playwright";

import { serve } from "../app/server.mjs";

test("the endpoint hands out a session that is READY", async ({ fake, request }) => {
  const { server, url } = await serve();
  const answer = await request.post(`${url}/api/connect`, { data: { presetId: "music-superstar" } });
  server.close();

  const { sessionId } = await answer.json();
  expect((await fake.sessions.get(sessionId)).state).toBe("ready");
  await fake.verify(1, { operation: "createSession" });
});

test.describe("without credits", () => {
  test.use({ fakeOptions: { scenario: { account: { credits: 1 } } } });

  test("the endpoint answers 502", async ({ fake, request }) => {
    const { server, url } = await serve();
    const answer = await request.post(`${url}/api/connect`, { data: { presetId: "music-superstar" } });
    server.close();

    expect(answer.status()).toBe(502);
    await fake.verify(1, { operation: "createSession", status: 402 });
  });
});
