// Sessions: what can be done to one, and how one is watched.

import { send } from "./api.js";
import { button, choice, field, fill, h } from "/__pages/dom.js";
import { action, run, toast } from "./strip.js";

const EVENTS = [["provisioned", "becomes READY"], ["consumed", "is consumed"], ["ended", "ends"],
  ["expired", "expires"], ["capped", "reaches its longest run"], ["unpaid", "is not paid"],
  ["cancelled", "is cancelled"]];

/** Return what can be done to a session in a state. */
export function sessionActions({ commands, world }, id, state, place) {
  if (["completed", "failed", "cancelled"].includes(state)) return null;
  const event = choice(EVENTS, state === "running" ? "ended" : "provisioned", null, { "aria-label": "Event" });
  const parts = [
    h("span", { class: "row nowrap" }, event,
      action("Let it happen", () => commands.occur(id, event.value), { said: "Done." })),
    action("Fail", () => commands.fail(id, "INTERNAL", "An internal error occurred."), { class: "risky" }),
  ];
  if (state === "running") {
    parts.push(
      button("Say…", () => talk("Let the avatar say", [["text", "Text", "Hello."]],
        ({ text }) => commands.say(id, text))),
      button("Client event…", () => talk("Let the avatar send a client event", TOOL,
        ({ tool, args }) => commands.clientEvent(id, tool, args))),
      button("Tool call…", () => talk("Let the avatar call a tool of the backend", TOOL,
        ({ tool, args }) => commands.callTool(id, tool, args))),
      action("Hang up", () => commands.hangUp(id), { said: "The avatar ends the call.", class: "risky" }),
      watch(world, id, place));
  }
  return h("div", { class: "row" }, parts);
}

const TOOL = [["tool", "Tool", ""], ["args", "Arguments, as JSON", "{}"]];

/** Ask for the words of a command, show it as it grows, and send it. */
function talk(title, wanted, make) {
  const problem = h("p", { class: "note bad", role: "alert", hidden: true });
  const inputs = wanted.map(([name, label, value]) => [name, field(label, h("input", { value, required: true, name }))]);
  const read = () => {
    const values = {};
    for (const [name, part] of inputs) {
      const text = part.querySelector("input").value;
      values[name] = name === "args" ? JSON.parse(text || "{}") : text;
    }
    return values;
  };
  const dialog = h("dialog", { "aria-labelledby": "talk" }, h("form", { class: "stack", on: { submit: async (event) => {
    event.preventDefault();
    let command;
    try {
      command = make(read());
    } catch (error) {
      problem.hidden = false;
      return fill(problem, `The arguments are no JSON: ${error.message}`);
    }
    if ((await run(command, "The avatar was told.")) !== undefined) close();
  } } },
    h("h2", { id: "talk" }, title), inputs.map(([, part]) => part), problem,
    h("div", { class: "row" }, h("button", { class: "main", type: "submit" }, "Send"), button("Cancel", () => close()))));
  const close = () => { dialog.close(); dialog.remove(); };
  dialog.addEventListener("cancel", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Return what shows the avatar of a running session, muted, and unseen by those in the call. */
function watch(world, id, place) {
  return button("Watch", async () => {
    try {
      await import("/__pages/call-view.js");
      const { path, token } = await send({ method: "POST", path: `/sessions/${encodeURIComponent(id)}/viewer`, world });
      const view = h("call-view", { class: "watched", muted: true });
      fill(place, h("link", { rel: "stylesheet", href: "/__pages/call-view.css" }), view);
      await view.join({ url: location.origin + path, token, viewer: true });
    } catch (error) {
      toast(`The call cannot be watched: ${error.message}`, "bad");
    }
  });
}
