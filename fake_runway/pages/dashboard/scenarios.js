// The scenario that a world follows, and a picker of others with what they do.

import { get } from "./api.js";
import { copy, button, fill, h } from "/__pages/dom.js";
import { List } from "./list.js";
import { action } from "./strip.js";
import { yaml } from "./yaml.js";

export function scenarioView(context) {
  const { world, commands } = context;
  let every = [];
  let current = null;
  let chosen = null;
  let search = "";
  const side = h("div", { class: "detail", tabindex: "-1" });
  const counts = h("span", { class: "soft small number" });
  const searchField = h("input", { type: "search", placeholder: "429, expire, slow, reset", "aria-label": "Search scenarios",
    on: { input: () => { search = searchField.value.toLowerCase(); draw(); } } });
  const list = new List({
    id: "scenarios", label: "Scenarios", height: 56, class: "scenarios",
    key: (scenario) => scenario.name,
    version: (scenario) => scenario.name === current?.name,
    render: (scenario) => [
      h("span", { class: "stacked" },
        h("span", { class: "name" }, scenario.name,
          scenario.name === current?.name && h("span", { class: "badge good" }, "in use")),
        h("span", { class: "soft small one-line" }, scenario.about)),
    ],
    open: choose, move: choose,
  });
  const element = h("div", { class: "stack fill" },
    h("div", { class: "row bar-row" }, h("div", { class: "grow search" }, searchField), counts),
    h("div", { class: "split fill" }, h("div", { class: "card flush fill" }, list.element), h("div", { class: "card side" }, side)));

  async function load() {
    try {
      [every, current] = await Promise.all([
        get(null, "/scenarios").then((answer) => answer.scenarios), get(world, "/scenario"),
      ]);
    } catch (error) {
      return fill(side, h("p", { class: "note bad" }, error.message));
    }
    draw();
    list.activate(chosen?.name ?? current.name);
    choose(every.find((one) => one.name === (chosen?.name ?? current.name)) ?? { ...current, doors: [] });
  }

  function draw() {
    const fitting = every.filter((one) => `${one.name} ${one.about} ${one.wire} ${one.state}`.toLowerCase().includes(search));
    fill(counts, `${fitting.length} of ${every.length}`);
    list.show(fitting);
  }

  async function choose(scenario) {
    chosen = scenario;
    const isCurrent = scenario.name === current.name;
    const preview = h("pre", { class: "yaml" }, "…");
    fill(side,
      h("div", { class: "row wide" }, h("h2", {}, scenario.name),
        isCurrent ? h("span", { class: "badge good" }, "in use")
          : action("Use in this world", () => commands.scenario(scenario.name),
            { class: "main", said: `The world follows ${scenario.name}.`, then: load })),
      h("p", {}, scenario.about),
      h("dl", { class: "facts tall" },
        scenario.wire && h("div", {}, h("dt", {}, "A client sees"), h("dd", {}, scenario.wire)),
        scenario.state && h("div", {}, h("dt", {}, "State"), h("dd", {}, scenario.state)),
        scenario.doors?.includes("API secret") && h("div", {}, h("dt", {}, "By API secret"), h("dd", {}, h("code", {}, `fake.${scenario.name}`))),
        scenario.avatar && h("div", {}, h("dt", {}, "By avatar"), h("dd", {}, h("code", {}, scenario.avatar)))),
      h("div", { class: "row wide" }, h("h3", {}, "YAML"),
        button("Copy", (event) => copy(preview.textContent, event.currentTarget), { class: "plain" })),
      preview);
    try {
      const { name, about, data } = isCurrent ? current : await get(world, `/scenarios/${encodeURIComponent(scenario.name)}`);
      fill(preview, yaml({ name, about, ...data }).trimStart());
    } catch (error) {
      fill(preview, error.message);
    }
  }

  load();
  return { element, update() {}, reload: load };
}
