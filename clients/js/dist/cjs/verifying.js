"use strict";
/**
 * Were the right calls made? Expectations about a journal, and why they were not met.
 *
 * A verification whose journal has lost calls that may count fails and says so.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.checkCalls = checkCalls;
exports.checkOrder = checkOrder;
const errors_js_1 = require("./errors.js");
const text_js_1 = require("./text.js");
const NEAREST = 3;
const MOST_SHOWN = 8;
const LONGEST = 80;
const GET = {
    operation: (call) => call.operation,
    method: (call) => call.method,
    path: (call) => call.path,
    session: (call) => call.session,
    task: (call) => call.task ?? null,
    status: (call) => call.response.status,
    fault: (call) => call.faults,
    body: (call) => call.request.body,
    query: (call) => call.request.query,
};
/**
 * Return the calls that count.
 *
 * @throws VerificationFailed - they are too few, too many, or no longer to be counted
 * @throws TypeError - the arguments contradict each other
 */
function checkCalls(journal, calls, expectation) {
    const { atLeast, atMost, ...match } = expectation;
    const [least, most] = bounds(calls, atLeast, atMost);
    checkParts(match);
    const expected = `${numberOf(least, most)}${withParts(match)}`;
    const found = journal.filter((call) => differences(call, match).length === 0);
    const failed = () => new errors_js_1.VerificationFailed(message(expected, journal, found, match, least));
    if (most !== undefined && found.length > most)
        throw failed();
    if (journal.gone > 0 && (most !== undefined || found.length < least)) {
        throw new errors_js_1.VerificationFailed(`expected ${expected}; the journal no longer has ${journal.gone} calls that may` +
            " count: serve with a larger --journal");
    }
    if (found.length < least)
        throw failed();
    return found;
}
/**
 * Return one call for each that is wanted, in this order; others may lie between them.
 *
 * @throws VerificationFailed - one is missing after those before it
 */
function checkOrder(journal, wanted) {
    const matches = wanted.map((each) => (typeof each === "string" ? { operation: each } : each));
    matches.forEach(checkParts);
    if (journal.gone > 0) {
        throw new errors_js_1.VerificationFailed(`the journal no longer has ${journal.gone} calls that may count: serve with a` +
            " larger --journal");
    }
    const found = [];
    let next = 0;
    for (const [index, match] of matches.entries()) {
        const at = journal.findIndex((call, i) => i >= next && differences(call, match).length === 0);
        if (at === -1) {
            const order = matches.map((each) => `a call${withParts(each)}`).join(", then ");
            const lines = [`expected ${order}; number ${index + 1} did not come`];
            found.forEach((call, i) => lines.push(`  ${lineOf(call)}  is number ${i + 1}`));
            lines.push(...nearMisses(journal.slice(next), match));
            throw new errors_js_1.VerificationFailed(lines.join("\n"));
        }
        found.push(journal[at]);
        next = at + 1;
    }
    return found;
}
function bounds(calls, atLeast, atMost) {
    if (calls !== undefined && (atLeast !== undefined || atMost !== undefined)) {
        throw new TypeError("expected a number of calls, or atLeast and atMost, got both");
    }
    if ([calls, atLeast, atMost].some((each) => each !== undefined && !(each >= 0))) {
        throw new TypeError("expected a number of calls, got a negative one");
    }
    if (calls !== undefined)
        return [calls, calls];
    const least = atLeast ?? (atMost === undefined ? 1 : 0);
    if (atMost !== undefined && atMost < least) {
        throw new TypeError(`expected atMost of ${least} or more, got ${atMost}`);
    }
    return [least, atMost];
}
function checkParts(match) {
    const unknown = Object.keys(match).find((name) => !(name in GET));
    if (unknown !== undefined) {
        throw new TypeError(`expected any of ${Object.keys(GET).join(", ")}, got ${(0, text_js_1.quoted)(unknown)}`);
    }
}
function callsOf(number) {
    return number === 1 ? "1 call" : `${number} calls`;
}
function numberOf(least, most) {
    if (most === 0)
        return "no call";
    if (least === most)
        return `exactly ${callsOf(least)}`;
    if (most === undefined)
        return `at least ${callsOf(least)}`;
    return least === 0 ? `at most ${callsOf(most)}` : `${least} to ${callsOf(most)}`;
}
function partsOf(match) {
    const parts = Object.entries(match);
    return parts.filter(([, value]) => value !== undefined && value !== null);
}
function withParts(match) {
    const parts = partsOf(match).map(([name, value]) => `${name} ${valueOf(value)}`);
    return parts.length > 0 ? ` with ${parts.join(", ")}` : "";
}
function message(expected, journal, found, match, least) {
    const lines = [`expected ${expected}, got ${found.length} of ${callsOf(journal.length)}`];
    lines.push(...found.slice(0, MOST_SHOWN).map((call) => `  ${lineOf(call)}  counts`));
    if (found.length > MOST_SHOWN)
        lines.push(`  ... and ${found.length - MOST_SHOWN} more`);
    if (found.length < least)
        lines.push(...nearMisses(journal, match));
    return lines.join("\n");
}
function nearMisses(calls, match) {
    const missed = calls
        .map((call) => ({ call, found: differences(call, match) }))
        .filter(({ found }) => found.length > 0)
        .sort((one, other) => one.found.length - other.found.length);
    if (missed.length === 0)
        return ["  there were no other calls"];
    const lines = ["the nearest:"];
    for (const { call, found } of missed.slice(0, NEAREST)) {
        lines.push(`  ${lineOf(call)}`, ...found.slice(0, MOST_SHOWN).map((each) => `      ${each}`));
    }
    return lines;
}
function lineOf(call) {
    const status = call.response.status ?? "no answer";
    const faults = call.faults.length > 0 ? ` (${call.faults.map(text_js_1.printable).join(", ")})` : "";
    const path = (0, text_js_1.printable)((0, text_js_1.short)(call.path, LONGEST));
    return `#${call.number} ${call.operation ?? "unknown"}: ${call.method} ${path} -> ${status}${faults}`;
}
/** Return in what a call differs from a match; empty: it counts. */
function differences(call, match) {
    return partsOf(match).flatMap(([name, wanted]) => ofPart(name, wanted, GET[name](call)));
}
function ofPart(name, wanted, got) {
    if (name === "fault") {
        const struck = got;
        if (struck.includes(wanted))
            return [];
        const names = struck.length > 0 ? valueOf(struck.join(", ")) : "none";
        return [`fault: expected ${valueOf(wanted)}, got ${names}`];
    }
    return inDepth(name, wanted, got);
}
/** Return where `got` lacks something of `wanted`, or has something else. */
function inDepth(place, wanted, got) {
    if (isAsymmetric(wanted)) {
        return wanted.asymmetricMatch(got) ? [] : [`${place}: expected ${wanted}, got ${valueOf(got)}`];
    }
    if (isMapping(wanted) && isMapping(got)) {
        return Object.entries(wanted).flatMap(([key, part]) => {
            const inner = `${place}.${(0, text_js_1.printable)(key)}`;
            if (Object.hasOwn(got, key))
                return inDepth(inner, part, got[key]);
            return [`${inner}: expected ${valueOf(part)}, got nothing`];
        });
    }
    return isEqual(wanted, got) ? [] : [`${place}: expected ${valueOf(wanted)}, got ${valueOf(got)}`];
}
function isMapping(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
/** Whether it is a matcher such as `expect.any(String)`. */
function isAsymmetric(value) {
    return isMapping(value) && typeof value["asymmetricMatch"] === "function";
}
/** Whether two values of JSON are the same; an array has to have the same items. */
function isEqual(one, other) {
    if (Array.isArray(one) && Array.isArray(other)) {
        return one.length === other.length && one.every((each, i) => isEqual(each, other[i]));
    }
    if (isMapping(one) && isMapping(other)) {
        const keys = Object.keys(one);
        return (keys.length === Object.keys(other).length &&
            keys.every((key) => Object.hasOwn(other, key) && isEqual(one[key], other[key])));
    }
    return one === other;
}
function valueOf(value) {
    return typeof value === "string" ? (0, text_js_1.printable)((0, text_js_1.short)(value, LONGEST)) : (0, text_js_1.quoted)(value);
}
