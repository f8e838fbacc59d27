"use strict";
/** `test` of Playwright with a world of the fake for each test. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.test = exports.expect = void 0;
const test_1 = require("@playwright/test");
const worlds_js_1 = require("./worlds.js");
var test_2 = require("@playwright/test");
Object.defineProperty(exports, "expect", { enumerable: true, get: function () { return test_2.expect; } });
exports.test = test_1.test.extend({
    fakeOptions: [{}, { option: true }],
    fakeStart: [{}, { option: true, scope: "worker" }],
    fakeWorlds: [
        async ({ fakeStart }, use) => {
            const worlds = new worlds_js_1.WorldsOfTests();
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
        const report = await (0, worlds_js_1.endWorld)(fake, titled, info.status !== info.expectedStatus);
        if (report !== undefined) {
            console.error(`${worlds_js_1.TITLE}\n${report}`);
            await info.attach(worlds_js_1.TITLE, { body: report, contentType: "text/plain" });
        }
    },
});
