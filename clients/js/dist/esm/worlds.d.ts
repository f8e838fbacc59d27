/** What the fixtures of all runners share: a world for each test, and the report of a failure. */
import type { Fake, WorldOptions } from "./fake.js";
import type { FakeServer, StartOptions } from "./start.js";
export declare const TITLE = "fake Runway";
/** The time-out of a hook that starts the fake, in ms; the start itself gives up before. */
export declare const START_MS = 65000;
/** The variable by which a global setup says that the tests have the server for themselves. */
export declare const OWN_SERVER = "FAKE_RUNWAY_OWN_SERVER";
/** Return the name of the world of a test: its title, and a digest of what makes it unique. */
export declare function worldName(title: string, unique: string): string;
/** A test as a runner knows it. */
export interface Titled {
    /** The test's own title. */
    title: string;
    /** What tells it from all others: file and titles. The same in each run. */
    unique: string;
}
/** The server that the tests of this process use, and the worlds they get. */
export declare class WorldsOfTests {
    private server;
    private readonly begun;
    private readonly run;
    /** Start the server, if that has not happened yet. */
    start(options?: StartOptions): Promise<FakeServer>;
    /** Begin a fresh world for a test. */
    begin(test: Titled, options?: WorldOptions, start?: StartOptions): Promise<Fake>;
    /** End what was started. */
    stop(): Promise<void>;
}
/**
 * End the world of a test: of one that failed return the report, of another drop it.
 *
 * What the client of a test that passed has done wrong is printed.
 */
export declare function endWorld(fake: Fake, test: Titled, failed: boolean, print?: (text: string) => void): Promise<string | undefined>;
/** Return what happened in the worlds of a test, for the report of its failure. */
export declare function failureReport(fake: Fake): Promise<string>;
