"use strict";
/**
 * One fake for all workers of a run: `globalSetup` of vitest, jest and Playwright.
 *
 * Without it each process that runs tests starts a fake of its own.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.default = setup;
const start_js_1 = require("./start.js");
const worlds_js_1 = require("./worlds.js");
/** Start a fake, unless FAKE_RUNWAY_URL names one, and return what stops it. */
async function setup() {
    const server = await (0, start_js_1.startFake)();
    if (server.own) {
        process.env["FAKE_RUNWAY_URL"] = server.url;
        process.env[worlds_js_1.OWN_SERVER] = server.url;
        if (server.token !== undefined)
            process.env["FAKE_RUNWAY_ADMIN_TOKEN"] = server.token;
    }
    return () => server.stop();
}
