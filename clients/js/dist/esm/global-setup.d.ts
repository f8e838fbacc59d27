/**
 * One fake for all workers of a run: `globalSetup` of vitest, jest and Playwright.
 *
 * Without it each process that runs tests starts a fake of its own.
 */
/** Start a fake, unless FAKE_RUNWAY_URL names one, and return what stops it. */
export default function setup(): Promise<() => Promise<void>>;
