/** A fake of the Runway API for tests in Node: starts it, and is a client of its admin API. */
export * from "./errors.js";
export * from "./fake.js";
export { findCommand, FakeServer, startFake } from "./start.js";
export type { StartOptions } from "./start.js";
export type * from "./shapes.js";
export { Transport } from "./transport.js";
export type { Address } from "./transport.js";
export type { Calls, CallMatch, Expectation } from "./verifying.js";
export { failureReport, worldName } from "./worlds.js";
