// Sessions: what can be done to one, and how one is watched.

import { send } from "./api.js";
import { button, fill, h } from "/__pages/dom.js";
import { happenings } from "./happenings.js";
import { action, asking, toast } from "./strip.js";

const EVENTS = [["provisioned", "becomes READY"], ["consumed", "is consumed"], ["ended", "ends"],
  ["expired", "expires"], ["capped", "reaches its longest run"], ["unpaid", "is not paid"],
  ["cancelled", "is cancelled"]];

const TOOL = [["tool", "Tool", ""], ["args", "Arguments, as JSON", "{}"]];

/** Return what can be done to a session in a state. */
export function sessionActions({ commands, world }, id, state, place) {
  if (["completed", "failed", "cancelled"].includes(state)) return null;
  const { sessions } = commands;
  const told = { said: "The avatar was told." };
  const more = state !== "running" ? [] : [
    asking("Say…", "Let the avatar say", [["text", "Text", "Hello."]], ({ text }) => sessions.say(id, text), told),
    asking("Client event…", "Let the avatar send a client event", TOOL,
      ({ tool, args }) => sessions.clientEvent(id, tool, args), told),
    asking("Tool call…", "Let the avatar call a tool of the backend", TOOL,
      ({ tool, args }) => sessions.callTool(id, tool, args), told),
    action("Hang up", () => sessions.hangUp(id), { said: "The avatar ends the call.", class: "risky" }),
    watch(world, id, place),
  ];
  return happenings(sessions, id, EVENTS, { fails: true, initial: state === "running" ? "ended" : "provisioned", more });
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
