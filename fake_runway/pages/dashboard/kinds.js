// The kinds of resources that live: each gets a tab with lanes and a page for each of its resources.
//
// `id` is the name in addresses, `one` what entries and findings call one of them. `key` is where the
// admin API, its answers and its clients have them, `query` what it is asked for there. `states` and
// `label` are shown; `named(one)` is what a create, a change or a view of the admin API calls one, with
// its `operation`; `facts(view)` what to say of one beside what all have; `actions(context, id, state,
// place)` what can be done to one, `place` being an element for what that shows. `first`: the state in
// which one is made by hand by default, null where none can be made; `room`: they have calls in rooms.

import { instant } from "/__pages/dom.js";
import { assetActions } from "./assets.js";
import { sessionActions } from "./sessions.js";
import { taskActions } from "./tasks.js";

export const KINDS = [
  {
    id: "sessions", one: "session", label: "Sessions", key: "sessions", query: "",
    states: ["queued", "provisioning", "ready", "claimed", "running", "completed", "failed", "cancelled"],
    room: true, first: "ready",
    searched: "id, avatar, state",
    hint: "Point an application at this world, or make a session by hand:",
    named: ({ avatar }) => avatar?.presetId ?? avatar?.avatarId ?? avatar?.type,
    facts: (view) => [["longest run", `${view.max_duration_s}s`], ["blocks paid", view.blocks]],
    actions: sessionActions,
  },
  {
    id: "tasks", one: "task", label: "Tasks", key: "tasks", query: "",
    states: ["throttled", "pending", "running", "succeeded", "failed", "cancelled"], first: "running",
    searched: "id, model, state",
    hint: "Point an application at this world and let it generate something, or make a task by hand:",
    named: ({ model, operation }) => (typeof model === "string" ? model : operation),
    facts: (view) => [["operation", view.operation], ["model", view.model],
      ["progress", view.progress === null ? null : `${Math.round(view.progress * 100)} %`],
      ["credits", `${view.cost}, estimated ${view.estimate}`], ["deleted", view.deleted ? "by its client" : null]],
    actions: taskActions,
  },
  stored("avatars", "avatar", "Avatars"),
  stored("voices", "voice", "Voices"),
  stored("documents", "document", "Documents"),
  { ...stored("routers", "router", "Routers"), states: ["ready", "deleted"], first: null,
    hint: "Point an application at this world, and let it create a router:" },
];

/** Return a kind of what is stored until it is deleted. */
function stored(id, one, label) {
  return {
    id, one, label, key: "assets", query: `kind=${one}&`,
    states: ["processing", "ready", "failed", "deleted"], first: "ready",
    searched: "id, name, state",
    hint: `Point an application at this world, or make ${withArticle(one)} by hand:`,
    named: ({ name, slug }) => [name, slug].find((text) => typeof text === "string"),
    facts: (view) => [["changed by its client", view.updated_at > view.created_at ? `${instant(view.updated_at)} UTC` : null]],
    actions: assetActions,
  };
}

/** Return the kind of an entry's or a finding's resource and its id; null: of none that has a tab. */
export function subjectOf(entry) {
  const kind = KINDS.find(({ one }) => entry[one]);
  return kind ? { kind, id: entry[kind.one] } : null;
}

/** Return `a session`, `an avatar`. */
export function withArticle(one) {
  return `${/^[aeiou]/.test(one) ? "an" : "a"} ${one}`;
}
