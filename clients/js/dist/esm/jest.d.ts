/** `fakeTest` for jest: a test with a world of the fake. */
import type { Fake, WorldOptions } from "./fake.js";
/** What a test is given: its world. RUNWAYML_BASE_URL and RUNWAYML_API_SECRET lead there. */
export interface FakeContext {
    fake: Fake;
}
type Body = (context: FakeContext) => unknown;
/** Declares a test, as jest's `test` does. */
export interface FakeTest {
    (name: string, body: Body, timeout?: number): void;
    only(name: string, body: Body, timeout?: number): void;
    skip(name: string, body: Body, timeout?: number): void;
    /** Return what declares tests whose worlds begin as the options say. */
    with(options: WorldOptions): FakeTest;
}
export declare const fakeTest: FakeTest;
export {};
