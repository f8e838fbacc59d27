// The kinds of resources that live: each gets a tab with lanes and a page for each of its resources.
//
// `id` is the name in addresses and the key of the admin API's list, `one` what entries and findings
// call one of them; `of(store)` are those that are known; `facts(view)` what to say of one beside what
// all have; `actions(context, id, state, place)` what can be done to one, `place` being an element for
// what that shows; `make(commands, state)` the command that makes one in a state, if there is any;
// `room`: they have calls in rooms.

import { sessionActions } from "./sessions.js";
import { taskActions } from "./tasks.js";

export const KINDS = [
  {
    id: "sessions", one: "session", label: "Sessions", list: "/sessions", of: (store) => store.sessions,
    states: ["queued", "provisioning", "ready", "claimed", "running", "completed", "failed", "cancelled"],
    room: true, first: "ready", make: (commands, state) => commands.make(state),
    searched: "id, avatar, state",
    hint: "Point an application at this world, or make a session by hand:",
    facts: (view) => [["longest run", `${view.max_duration_s}s`], ["blocks paid", view.blocks]],
    actions: sessionActions,
  },
  {
    id: "tasks", one: "task", label: "Tasks", list: "/tasks", of: (store) => store.tasks,
    states: ["throttled", "pending", "running", "succeeded", "failed", "cancelled"],
    searched: "id, model, state",
    hint: "Point an application at this world, and let it generate something:",
    facts: (view) => [["operation", view.operation], ["model", view.model],
      ["progress", view.progress === null ? null : `${Math.round(view.progress * 100)} %`],
      ["credits", `${view.cost}, estimated ${view.estimate}`], ["deleted", view.deleted ? "by its client" : null]],
    actions: taskActions,
  },
];
