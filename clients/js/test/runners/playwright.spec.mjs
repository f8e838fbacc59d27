import { expect, test } from "fake-runway/playwright";

test("expects what does not happen", async ({ fake }) => {
  const { id } = await fake.sessions.make("ready");
  expect(id).toBe("another");
});
