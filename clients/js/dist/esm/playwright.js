/** `test` of Playwright with a world of the fake for each test. */
import { test as base } from "@playwright/test";
import { endWorld, TITLE, WorldsOfTests } from "./worlds.js";
export { expect } from "@playwright/test";
export const test = base.extend({
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
