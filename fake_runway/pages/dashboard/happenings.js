// What can be made to happen to a resource by hand: an event of its lifecycle, or a failure.

import { choice, h } from "/__pages/dom.js";
import { action, asking } from "./strip.js";

/** Return buttons for the events that can happen, and more; null if there are none.
 *
 * `commands` are those of the resource's kind; `initial` is the event to begin with.
 */
export function happenings(commands, id, events, { fails, initial = "", more = [] }) {
  if (events.length === 0 && !fails && more.length === 0) return null;
  const event = choice(events, initial, null, { "aria-label": "Event" });
  return h("div", { class: "row" },
    events.length > 0 && h("span", { class: "row nowrap" }, event,
      action("Let it happen", () => commands.occur(id, event.value), { said: "Done." })),
    fails && action("Fail", () => commands.fail(id, "INTERNAL", "An internal error occurred."), { class: "risky" }),
    fails && asking("Fail with…", "Let it fail", [["code", "Code", "INTERNAL"], ["text", "Text", "An internal error occurred."]],
      ({ code, text }) => commands.fail(id, code, text), { said: "It failed." }),
    more);
}
