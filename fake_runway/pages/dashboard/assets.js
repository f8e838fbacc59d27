// Avatars, voices, documents and routers: what can be done to one.

import { happenings } from "./happenings.js";

const EVENTS = {
  processing: [["processed", "is processed"], ["deleted", "is deleted"]],
  ready: [["deleted", "is deleted"]],
  failed: [["deleted", "is deleted"]],
};

/** Return what can be done to a stored resource in a state. */
export function assetActions({ commands }, id, state) {
  return happenings(commands.assets, id, EVENTS[state] ?? [], { fails: state === "processing" });
}
