/** `test` of Playwright with a world of the fake for each test. */

import { test as base } from "@playwright/test";

import type { Fake, WorldOptions } from "./fake.js";
import type { StartOptions } from "./start.js";
import { endWorld, TITLE, WorldsOfTests } from "./worlds.js";

export { expect } from "@playwright/test";

export interface FakeFixtures {
  /** How the world of a test begins; set it with `test.use({ fakeOptions: {...} })`. */
  fakeOptions: WorldOptions;
  /** The world of the test. RUNWAYML_BASE_URL and RUNWAYML_API_SECRET lead there meanwhile. */
  fake: Fake;
}

export interface FakeWorkerFixtures {
  /** How the fake of a worker is found or started. */
  fakeStart: StartOptions;
  /** The worlds of the tests of a worker. */
  fakeWorlds: WorldsOfTests;
}

export const test = base.extend<FakeFixtures, FakeWorkerFixtures>({
  fakeOptions: [{}, { option: true }],
  fakeStart: [{}, { option: true, scope: "worker" }],
  fakeWorlds: [
    async ({ fakeStart }, use) => {
      const worlds = new WorldsOfTests();
      await worlds.start(fakeStart);
      await use(worlds);
      await worlds.stop();
    },
    { scope: "worker" },
  ],
  fake: async ({ fakeWorlds, fakeOptions }, use, info) => {
    const again = info.retry + info.repeatEachIndex > 0 ? [info.retry, info.repeatEachIndex] : [];
    const unique = [info.project.name, ...info.titlePath, ...again].join("\n");
    const titled = { title: info.title, unique };
    const fake = await fakeWorlds.begin(titled, fakeOptions);
    const restore = fake.use();
    await use(fake);
    restore();
    const report = await endWorld(fake, titled, info.status !== info.expectedStatus);
    if (report !== undefined) {
      console.error(`${TITLE}\n${report}`);
      await info.attach(TITLE, { body: report, contentType: "text/plain" });
    }
  },
});
