const { fakeTest } = require("fake-runway/jest");

fakeTest("expects what does not happen", async ({ fake }) => {
  const { id } = await fake.sessions.make("ready");
  expect(id).toBe("another");
});
