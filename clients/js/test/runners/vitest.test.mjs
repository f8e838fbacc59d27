import { expect } from "vitest";
import { test } from "fake-runway/vitest";

import { connect } from "../../examples/app/connect.mjs";

test("expects what does not happen", async ({ fake }) => {
  await fake.clock.setRate(100);
  const { sessionId } = await connect("music-superstar", { pollMs: 20 });
  expect(sessionId).toBe("another");
});

test("shows its secret", async ({ fake }) => {
  const headers = { Authorization: `Bearer ${fake.secret}` };
  const base = process.env.RUNWAYML_BASE_URL;
  await fetch(`${base}/v1/organization?key=${fake.secret}`, { headers });
});
