/** `test` of vitest with a world of the fake for each test. */
import type { Fake, WorldOptions } from "./fake.js";
export interface FakeFixtures {
    /** How the world of a test begins; set it with `test.extend({ fakeOptions: {...} })`. */
    fakeOptions: WorldOptions;
    /** The world of the test. RUNWAYML_BASE_URL and RUNWAYML_API_SECRET lead there meanwhile. */
    fake: Fake;
}
export declare const test: import("vitest").TestAPI<{
    fake: Fake;
    fakeOptions: WorldOptions;
}>;
export declare const it: import("vitest").TestAPI<{
    fake: Fake;
    fakeOptions: WorldOptions;
}>;
