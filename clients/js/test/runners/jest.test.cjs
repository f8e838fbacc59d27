const { fakeTest } = require("fake-runway/jest");

fakeTest("expects what does not happen", async ({ fake }) => {
  const { id } = await fake.sessions.make("ready");
  expect(id).toBe("another");
});

fakeTest(
  "waits for what does not come",
  async ({ fake }) => {
    await fake.sessions.make("queued");
    await fake.waitForSession("ready", { timeout: "20s" });
  },
  1000,
);
