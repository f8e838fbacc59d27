import { expect } from "vitest";
import { test } from "fake-runway/vitest";

import { connect } from "../../examples/app/connect.mjs";

test("expects what does not happen", async ({ fake }) => {
  await fake.clock.setRate(100);
  const { sessionId } = await connect("music-superstar", { pollMs: 20 });
  expect(sessionId).toBe("another");
});

test("shows its secret, and forgets a session", async ({ fake }) => {
  const headers = { Authorization: `Bearer ${fake.secret}` };
  const base = process.env.RUNWAYML_BASE_URL;
  await fetch(`${base}/v1/organization?key=${fake.secret}`, { headers });
  const body = { model: "gwm1_avatars", avatar: { type: "runway-preset", presetId: "cat-character" } };
  Object.assign(headers, { "X-Runway-Version": "2024-11-06", "Content-Type": "application/json" });
  await fetch(`${base}/v1/realtime_sessions`, { method: "POST", headers, body: JSON.stringify(body) });
});
