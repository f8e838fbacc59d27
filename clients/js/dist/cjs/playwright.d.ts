/** `test` of Playwright with a world of the fake for each test. */
import type { Fake, WorldOptions } from "./fake.js";
import type { StartOptions } from "./start.js";
import { WorldsOfTests } from "./worlds.js";
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
export declare const test: import("@playwright/test").TestType<import("@playwright/test").PlaywrightTestArgs & import("@playwright/test").PlaywrightTestOptions & FakeFixtures, import("@playwright/test").PlaywrightWorkerArgs & import("@playwright/test").PlaywrightWorkerOptions & FakeWorkerFixtures>;
