/** `test` of vitest with a world of the fake for each test. */

import { afterAll, beforeAll, test as base } from "vitest";

import type { Fake, WorldOptions } from "./fake.js";
import { endWorld, START_MS, TITLE, WorldsOfTests } from "./worlds.js";

export interface FakeFixtures {
  /** How the world of a test begins; set it with `test.extend({ fakeOptions: {...} })`. */
  fakeOptions: WorldOptions;
  /** The world of the test. RUNWAYML_BASE_URL and RUNWAYML_API_SECRET lead there meanwhile. */
  fake: Fake;
}

const worlds = new WorldsOfTests();
beforeAll(async () => void (await worlds.start()), START_MS); // not within the time of a test
afterAll(() => worlds.stop());

interface Task {
  readonly name: string;
  readonly file: { readonly name: string };
  readonly suite?: { readonly name: string; readonly suite?: Task["suite"] } | undefined;
  readonly result?: { readonly state: string } | undefined;
}

export const test = base.extend<FakeFixtures>({
  fakeOptions: async ({}, use) => {
    await use({});
  },
  fake: async ({ task, fakeOptions }, use) => {
    const titled = titlesOf(task);
    const fake = await worlds.begin(titled, fakeOptions);
    const restore = fake.use();
    await use(fake);
    restore();
    const report = await endWorld(fake, titled, task.result?.state === "fail");
    if (report !== undefined) console.error(`${TITLE}\n${report}`);
  },
});

export const it = test;

function titlesOf(task: Task): { title: string; unique: string } {
  const titles = [task.name];
  for (let suite = task.suite; suite; suite = suite.suite) titles.unshift(suite.name);
  return { title: task.name, unique: [task.file.name, ...titles].join("\n") };
}
