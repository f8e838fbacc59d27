const RunwayML = require("@runwayml/sdk").default;
const { fakeTest } = require("fake-runway/jest");

const avatar = { type: "runway-preset", presetId: "music-superstar" };

fakeTest("a session becomes READY by the clock", async ({ fake }) => {
  const runway = new RunwayML(); // the environment leads to the world of this test
  const { id } = await runway.realtimeSessions.create({ model: "gwm1_avatars", avatar });

  await fake.clock.next();

  expect((await runway.realtimeSessions.retrieve(id)).status).toBe("READY");
});

fakeTest.with({ scenario: { account: { credits: 1 } } })("credits run out", async ({ fake }) => {
  const runway = new RunwayML();

  const created = runway.realtimeSessions.create({ model: "gwm1_avatars", avatar });

  await expect(created).rejects.toMatchObject({ status: 402 });
  expect(await fake.findings()).toEqual([]);
});
