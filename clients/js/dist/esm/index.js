/** A fake of the Runway API for tests in Node: starts it, and is a client of its admin API. */
export * from "./errors.js";
export * from "./fake.js";
export { findCommand, FakeServer, startFake } from "./start.js";
export { Transport } from "./transport.js";
export { failureReport, worldName } from "./worlds.js";
