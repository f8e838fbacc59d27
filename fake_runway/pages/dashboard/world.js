// A world as a whole: its numbers, credits, snapshots, copies, the run as a token.

import { get } from "./api.js";
import { button, choice, copy, field, fill, h, instant, span } from "/__pages/dom.js";
import { action, toast } from "./strip.js";

export function worldView(context) {
  const { world, commands } = context;
  const numbers = h("dl", { class: "tiles" });
  const quota = h("dl", { class: "facts" });
  const kept = h("ul", { class: "rows" });
  const left = h("input", { type: "number", min: "0", max: "1000000000", value: "100" });
  const snapshotName = h("input", { placeholder: "before" });
  const forkName = h("input", { placeholder: `${world}-copy` });
  const token = h("textarea", { rows: "3", readonly: true, "aria-label": "Replay token", placeholder: "The run so far, as a token" });
  const replayName = h("input", { placeholder: "rerun" });
  const given = h("textarea", { rows: "3", "aria-label": "Token to replay", placeholder: "A token or a record" });

  async function load() {
    let view, credits, snapshots;
    try {
      [view, credits, { snapshots }] = await Promise.all(
        [get(world, "/world"), get(world, "/credits"), get(world, "/snapshots")]);
    } catch (error) {
      return toast(error.message, "bad");
    }
    fill(numbers, [["sessions", view.sessions], ["active", view.active], ["calls", view.calls],
      ["faults", view.faults], ["journal entries", view.entries],
      ["credits left", credits.left ?? "no limit"], ["spent", credits.spent], ["created today", credits.sessions_today]]
      .map(([name, value]) => h("div", {}, h("dd", { class: "number" }, typeof value === "number" ? value.toLocaleString("en") : value), h("dt", {}, name))));
    fill(quota, h("div", {}, h("dt", {}, "scenario"), h("dd", {}, view.scenario)),
      h("div", {}, h("dt", {}, "began"), h("dd", {}, `${instant(view.epoch)} UTC`)));
    fill(kept, snapshots.length === 0 && h("li", { class: "soft" }, "No snapshots."),
      snapshots.map(({ name, at }) => h("li", { class: "row wide" },
        h("span", {}, h("code", {}, name), h("span", { class: "soft small" }, ` at +${span(at - view.epoch)}`)),
        h("span", { class: "row" },
          action("Restore", () => commands.restore(name), { said: `Back at ${name}.`, then: load, "aria-label": `Restore ${name}` }),
          action("Delete", () => commands.deleteSnapshot(name), { class: "plain", then: load, "aria-label": `Delete ${name}` })))));
  }

  const card = (title, ...parts) => h("section", { class: "card stack" }, h("h2", {}, title), ...parts);
  const element = h("div", { class: "stack fill scroll" },
    h("section", { class: "card stack", "aria-label": "In numbers" }, numbers, quota),
    h("div", { class: "masonry" },
      card("Credits", h("div", { class: "row end" }, field("Credits left", left),
        action("Set", () => commands.credits(Number(left.value)), { said: "Set.", then: load }))),
      card("Snapshots", h("div", { class: "row end" }, field("Name", snapshotName),
        action("Take a snapshot", () => commands.snapshot(snapshotName.value), { said: "Kept.", then: load })), kept),
      card("Copy", h("p", { class: "soft" }, "The same sessions, journal and clock under another name."),
        h("div", { class: "row end" }, field("Name of the copy", forkName),
          action("Fork", () => commands.fork(forkName.value || `${world}-copy`), { then: (view) => context.goto(view.name) }))),
      card("Run it again", h("p", { class: "soft" }, "A token holds all inputs of the run. ", h("code", {}, "fake-runway replay TOKEN"),
        " runs it on another machine."),
        h("div", { class: "row" },
          action("Get the token", () => commands.replayToken(), { then: (answer) => { token.value = answer.token; } }),
          button("Copy the token", (event) => copy(token.value, event.currentTarget))),
        token,
        h("div", { class: "row end" }, field("Name of the new world", replayName),
          action("Replay", () => commands.replay(replayName.value || "rerun", given.value),
            { then: () => context.goto(replayName.value || "rerun") })),
        given),
      card("Begin anew", h("p", { class: "soft" }, "Sessions, journal and faults go; scenario and seed stay."),
        h("div", { class: "row" },
          action("Reset", () => commands.reset(), { class: "risky", sure: `Reset ${world}? Its sessions and its journal go.`, said: "The world begins anew.", then: load }),
          action("Drop", () => commands.drop(), { class: "risky", sure: `Drop ${world}? All of it goes.`, then: () => context.goto(null) })))));

  load();
  let entries = -1;
  return {
    element,
    update() {
      if (context.store.next === entries) return;
      entries = context.store.next;
      clearTimeout(this.timer);
      this.timer = setTimeout(load, 400);
    },
    close() { clearTimeout(this.timer); },
    reload: load,
  };
}
