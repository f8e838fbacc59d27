/** `fakeTest` for jest: a test with a world of the fake. */
import { relative } from "node:path";
import { endWorld, START_MS, TITLE, WorldsOfTests } from "./worlds.js";
const worlds = new WorldsOfTests();
let running;
const { beforeAll, afterEach, afterAll } = globalThis;
beforeAll?.(async () => void (await worlds.start()), START_MS); // not within the time of a test
afterEach?.(reportTimeout);
afterAll?.(() => worlds.stop());
export const fakeTest = declaring({});
function declaring(options) {
    const declare = (pick) => (name, body, timeout) => {
        const { test } = globalThis;
        if (test === undefined)
            throw new Error("expected jest's globals, such as `test`");
        pick(test)(name, () => inWorld(name, body, options), timeout);
    };
    return Object.assign(declare((test) => test), {
        only: declare((test) => test.only),
        skip: declare((test) => test.skip),
        with: (more) => declaring({ ...options, ...more }),
    });
}
async function inWorld(title, body, options) {
    const { currentTestName = title, testPath = "" } = globalThis.expect?.getState() ?? {};
    const titled = { title, unique: `${relative(process.cwd(), testPath)}\n${currentTestName}` };
    const fake = await worlds.begin(titled, options);
    const restore = fake.use();
    running = { fake, titled };
    try {
        await body({ fake });
    }
    catch (error) {
        running = undefined;
        const report = await endWorld(fake, titled, true);
        throw withReport(error, report ?? "");
    }
    finally {
        restore();
    }
    running = undefined;
    await endWorld(fake, titled, false);
}
/** Print the report of a test that has not ended: jest gave it up, and shows an error of its own. */
async function reportTimeout() {
    if (running === undefined)
        return;
    const { fake, titled } = running;
    running = undefined;
    console.error(`${TITLE}\n${await endWorld(fake, titled, true)}`);
}
/** Return an error whose message ends with a report; jest shows the stack, which begins with it. */
function withReport(error, report) {
    const text = `\n\n${TITLE}\n${report}`;
    if (!(error instanceof Object && "message" in error))
        return new Error(`${String(error)}${text}`);
    const failed = error;
    const before = failed.message;
    failed.message = before + text;
    if (failed.stack?.includes(before)) {
        failed.stack = failed.stack.replace(before, () => failed.message);
    }
    return failed;
}
