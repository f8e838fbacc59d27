"use strict";
/** Foreign values inside messages: short, on one line, and safe for a terminal. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.quoted = quoted;
exports.printable = printable;
exports.short = short;
const LONGEST = 60;
/** Return a value as part of a message. */
function quoted(value) {
    if (Array.isArray(value))
        return value.length > 0 ? "a list" : "an empty list";
    if (typeof value === "object" && value !== null) {
        return Object.keys(value).length > 0 ? "a mapping" : "an empty mapping";
    }
    return short(printable(value === undefined ? "nothing" : JSON.stringify(value)));
}
/** Return `text` on one line, control characters escaped. */
function printable(text) {
    return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (each) => {
        return `\\u${(each.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
    });
}
/** Return `text`, cut if it is too long for a message. */
function short(text, most = LONGEST) {
    return text.length <= most ? text : `${text.slice(0, most - 3)}...`;
}
