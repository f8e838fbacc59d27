// A world as a whole: its numbers, credits, snapshots, copies, the run as a token.

import { get } from "./api.js";
import { button, choice, copy, field, fill, h, instant, span } from "/__pages/dom.js";
import { action, toast } from "./strip.js";
import { yaml } from "./yaml.js";

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
  const seed = h("textarea", { rows: "6", class: "mono small", "aria-label": "Seed", spellcheck: "false",
    placeholder: '{"sessions": [{"state": "ready"}], "credits": 500}' });
  const avatar = h("input", { placeholder: "cat-character", class: "mono" });
  const form = h("input", { value: '{"provision_time": "never"}', class: "mono" });
  const bound = h("ul", { class: "rows" });
  const given = h("textarea", { rows: "3", "aria-label": "Token to replay", placeholder: "A token or a record" });

  async function load() {
    let view, credits, snapshots, scenario;
    try {
      [view, credits, { snapshots }, scenario] = await Promise.all(
        [get(world, "/world"), get(world, "/credits"), get(world, "/snapshots"), get(world, "/scenario")]);
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
    drawBound(scenario.data.avatars ?? {});
  }

  function drawBound(avatars) {
    fill(bound, Object.entries(avatars).map(([name, session]) => h("li", { class: "row wide" },
      h("span", { class: "bound" }, h("code", {}, name), " ", h("code", { class: "soft small" }, JSON.stringify(session))),
      action("Unbind", () => commands.unbindAvatar(name), { class: "plain", then: load, "aria-label": `Unbind ${name}` }))));
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
      card("Seed", h("p", { class: "soft" }, "Sessions, tasks, avatars and the rest in their states, as a file for ",
        h("code", {}, "serve --seed-file"), " or for another world."),
        h("div", { class: "row" },
          action("Get the seed", () => commands.seed(), { then: (answer) => { seed.value = JSON.stringify(answer, null, 1); } }),
          button("Save as a file", () => save(world, seed.value))),
        seed,
        h("div", { class: "row" },
          action("Put it into this world", () => commands.applySeed(parsed("a seed", seed.value)), { said: "It is in the world.", then: load }))),
      card("Bound avatars", h("p", { class: "soft" }, "Creates for a bound avatar follow a session form of their own, as ",
        h("code", {}, "session"), " in a scenario."),
        h("div", { class: "fields" }, field("Avatar", avatar, "a preset's id, or a UUID"), field("Session form", form, "JSON")),
        h("div", { class: "row" },
          action("Bind", () => commands.bindAvatar(named("an avatar", avatar.value), parsed("a session form", form.value)),
            { said: "Bound.", then: load })),
        bound),
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

/** Return what a text says as JSON. */
function parsed(what, text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`Expected ${what} as JSON, got ${text ? text.slice(0, 40) : "nothing"}.`);
  }
}

function named(what, text) {
  if (!text.trim()) throw new Error(`Expected the name of ${what}, got nothing.`);
  return text.trim();
}

/** Let the browser save a seed as YAML, as people write seed files. */
function save(world, text) {
  try {
    const file = new Blob([yaml(parsed("a seed", text)).trimStart(), "\n"], { type: "application/yaml" });
    const url = URL.createObjectURL(file);
    h("a", { href: url, download: `${world}.yaml` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  } catch (error) {
    toast(error.message, "bad");
  }
}
