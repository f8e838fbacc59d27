/**
 * One fake for all workers of a run: `globalSetup` of vitest, jest and Playwright.
 *
 * Without it each process that runs tests starts a fake of its own.
 */
import { startFake } from "./start.js";
import { OWN_SERVER } from "./worlds.js";
/** Start a fake, unless FAKE_RUNWAY_URL names one, and return what stops it. */
export default async function setup() {
    const server = await startFake();
    if (server.own) {
        process.env["FAKE_RUNWAY_URL"] = server.url;
        process.env[OWN_SERVER] = server.url;
        if (server.token !== undefined)
            process.env["FAKE_RUNWAY_ADMIN_TOKEN"] = server.token;
    }
    return () => server.stop();
}
