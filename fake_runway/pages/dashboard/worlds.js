// All worlds of the server, the most recently used first.

import { address } from "/__pages/admin.js";
import { ago, button, fill, h } from "/__pages/dom.js";
import { List } from "./list.js";

export function worldsView({ goto }) {
  const worlds = new Map();
  let search = "";
  const counts = h("span", { class: "soft small number" });
  const searchField = h("input", { type: "search", placeholder: "name or scenario", "aria-label": "Search worlds",
    on: { input: () => { search = searchField.value.toLowerCase(); update(); } } });
  const now = () => Date.now() / 1000;
  const list = new List({
    id: "worlds", label: "Worlds, the most recently used first", height: 60, class: "worlds",
    key: (world) => world.name,
    version: (world) => `${JSON.stringify(world)} ${ago(now() - world.used_at)}`,
    render: (world) => [
      h("span", { class: "stacked" },
        h("span", { class: "name" }, world.name),
        h("span", { class: "soft small one-line" }, world.scenario)),
      h("span", { class: "counts" },
        count(world.active, "active", world.active ? "good" : ""), count(world.sessions, "sessions"),
        count(world.calls, "calls"), world.faults ? count(world.faults, "faults", "warn") : null,
        h("span", { class: "badge" }, world.clock.rate === 0 ? "frozen" : world.clock.rate === 1 ? "real time" : `× ${world.clock.rate}`)),
      h("span", { class: "soft small used" }, ago(now() - world.used_at)),
    ],
    open: (world) => goto(world.name),
  });
  const name = h("input", { placeholder: "my-app", "aria-label": "Name of a world" });
  const empty = h("div", { class: "empty" },
    h("h2", {}, "No worlds yet"),
    h("p", { class: "soft" }, "A world begins with the first call of an application, or here by its name. Each API secret has its own."),
    h("pre", {}, `export RUNWAYML_BASE_URL=${location.origin}\nexport RUNWAYML_API_SECRET=any-text`));
  const element = h("div", { class: "stack fill page" },
    h("div", { class: "row wide" }, h("h1", {}, "Worlds"), counts),
    h("div", { class: "row bar-row" },
      h("div", { class: "grow search" }, searchField),
      h("form", { class: "row nowrap", on: { submit: (event) => { event.preventDefault(); if (name.value) goto(name.value); } } },
        name, h("button", { type: "submit" }, "Open or begin"))),
    h("div", { class: "card flush fill" }, list.element, empty));

  function update() {
    const fitting = [...worlds.values()]
      .filter((world) => `${world.name} ${world.scenario}`.toLowerCase().includes(search))
      .sort((one, other) => other.used_at - one.used_at);
    fill(counts, `${fitting.length} of ${worlds.size}`);
    empty.hidden = worlds.size > 0;
    list.element.hidden = !empty.hidden;
    list.show(fitting);
  }
  const timer = setInterval(() => { if (!document.hidden) update(); }, 5_000);

  return {
    element,
    update,
    take(events) {
      for (const { kind, world, data } of events) {
        if (kind === "start") worlds.clear();
        else if (kind === "world") worlds.set(world, data);
        else if (kind === "dropped") worlds.delete(world);
      }
      update();
    },
    close: () => clearInterval(timer),
  };
}

const count = (value, name, tone = "") =>
  h("span", { class: `count ${tone}` }, h("b", { class: "number" }, value.toLocaleString("en")), ` ${name}`);
