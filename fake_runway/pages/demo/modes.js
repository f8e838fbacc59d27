// The choice of a failure mode: searchable, in families, each with its sentence.

import { $, h } from "/__pages/dom.js";

export const NOTHING = "default";

export class Modes extends EventTarget {
  #options = new Map(); // by name
  #groups = [];
  #active = null;
  value = null;

  constructor(families, scenarios) {
    super();
    const known = new Map(scenarios.map((each) => [each.name, each]));
    for (const { title, names } of families) {
      const group = h("div", { role: "group", "aria-label": title });
      group.append(h("p", { class: "family", "aria-hidden": "true" }, title));
      const options = [];
      for (const name of names.filter((each) => known.has(each))) {
        const scenario = known.get(name);
        const option = h(
          "div",
          { class: "mode", role: "option", id: `mode-${name}`, "aria-selected": "false" },
          h("span", { class: "mode-about" }, scenario.about),
          h("span", { class: "mode-name mono" }, name),
        );
        option.addEventListener("click", () => this.choose(name));
        this.#options.set(name, { option, scenario, text: textOf(scenario, title) });
        options.push(name);
        group.append(option);
      }
      this.#groups.push({ group, options });
    }
    $("modes").append(...this.#groups.map(({ group }) => group));
    const none = h("p", { class: "soft small none", hidden: true }, "No failure mode has these words.");
    none.id = "no-mode";
    $("modes").append(none);
    $("search").placeholder = `Search ${this.#options.size - 1} failure modes`;
    $("search").addEventListener("input", () => this.#filter());
    $("search").addEventListener("keydown", (event) => this.#key(event));
    this.choose(this.#options.has(NOTHING) ? NOTHING : this.#options.keys().next().value);
  }

  choose(name) {
    const found = this.#options.get(name);
    if (!found) return;
    this.#options.get(this.value?.name)?.option.setAttribute("aria-selected", "false");
    found.option.setAttribute("aria-selected", "true");
    this.value = found.scenario;
    this.#point(name);
    this.dispatchEvent(new Event("change"));
  }

  #visible() {
    return [...this.#options].filter(([, { option }]) => !option.hidden).map(([name]) => name);
  }

  #filter() {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { option, text } of this.#options.values()) {
      option.hidden = !words.every((word) => text.includes(word));
    }
    for (const { group, options } of this.#groups) {
      group.hidden = options.every((name) => this.#options.get(name).option.hidden);
    }
    const visible = this.#visible();
    $("no-mode").hidden = visible.length > 0;
    this.#point(visible.includes(this.value.name) ? this.value.name : visible[0]);
  }

  #point(name) {
    this.#options.get(this.#active)?.option.classList.remove("pointed");
    this.#active = name ?? null;
    const option = this.#options.get(name)?.option;
    $("search").setAttribute("aria-activedescendant", option?.id ?? "");
    if (!option) return;
    option.classList.add("pointed");
    const list = $("modes"); // not scrollIntoView, which scrolls the page, too
    const top = option.offsetTop - list.offsetTop;
    if (top < list.scrollTop) list.scrollTop = top - 32;
    const bottom = top + option.offsetHeight;
    if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) {
      event.preventDefault();
      const visible = this.#visible();
      const at = Math.max(0, visible.indexOf(this.#active));
      this.#point(visible[Math.min(visible.length - 1, Math.max(0, at + step))]);
    } else if (event.key === "Enter" && this.#active) {
      event.preventDefault();
      this.choose(this.#active);
    } else if (event.key === "Escape" && $("search").value) {
      event.preventDefault();
      $("search").value = "";
      this.#filter();
    }
  }
}

function textOf({ name, about, wire, state }, family) {
  return [name, name.replaceAll("-", " "), about, wire, state, family].join(" ").toLowerCase();
}
