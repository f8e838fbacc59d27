// The page: which world and which tab its address names, and the stream behind it.

import { get } from "./api.js";
import { WorldClock } from "./clock.js";
import { commandsOf } from "./commands.js";
import { batched, fill, h } from "/__pages/dom.js";
import { KINDS } from "./kinds.js";
import { Store } from "./store.js";
import { Stream } from "./stream.js";
import { preview, toast } from "./strip.js";
import { TABS } from "./tabs.js";
import { worldsView } from "./worlds.js";

const main = document.getElementById("main");
const tabs = document.getElementById("tabs");
const CLOCK_ACTS = new Set(["setClockRate", "moveClock"]);
const MAKING_ACTS = new Set(["makeTask", "makeAsset", "applySeed"]); // of whose names no call tells
const STATUS = { live: ["live", "good"], connecting: ["connecting", ""], reconnecting: ["reconnecting", "warn"],
  paused: ["paused", ""], dropped: ["world dropped", "bad"] };

let page = null;

function say(state) {
  const [text, tone] = STATUS[state];
  const live = document.getElementById("live");
  live.textContent = text;
  live.className = `badge ${tone}`;
}

/** Return the world, the tab and the item that the address names. */
function route() {
  const parts = location.hash.replace(/^#\/?/, "").split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { world: parts[0] || null, tab: parts[1] || "sessions", item: parts[2] || "" };
}

const hashOf = (...parts) => `#/${parts.filter(Boolean).map(encodeURIComponent).join("/")}`;

const goto = (world) => {
  location.hash = world === null ? "#/" : hashOf(world);
};

class WorldsPage {
  world = null;

  constructor() {
    this.view = worldsView({ goto });
    this.stream = new Stream(null, (events) => this.view.take(events), say);
    fill(main, this.view.element);
    fill(document.getElementById("crumb"));
    fill(document.getElementById("strip"));
    document.title = "Worlds: Fake Runway";
    tabs.hidden = true;
    this.view.update();
  }

  show() {}

  close() {
    this.stream.close();
    this.view.close();
  }
}

class WorldPage {
  #tab = null;
  #view = null;
  #item = null;
  #began = null;
  #counts = new Map();

  constructor(world) {
    this.world = world;
    this.store = new Store();
    const epoch = () => this.#began ?? this.store.entries[0]?.at ?? this.clock.now();
    this.context = { world, store: this.store, commands: commandsOf(world), epoch, goto,
      go: (...parts) => { location.hash = hashOf(world, ...parts); } };
    this.clock = this.context.clock = new WorldClock(this.context);
    this.store.addEventListener("change", () => this.#changed());
    this.stream = new Stream(world, (events) => this.#take(events), say);
    this.lookAgain = this.context.lookAgain = batched(() => this.#look());
    fill(document.getElementById("crumb"), h("span", { class: "soft", "aria-hidden": "true" }, "/ "), h("h1", { class: "name" }, world));
    this.#drawTabs();
    this.clock.draw();
  }

  #drawTabs() {
    const list = h("div", { role: "tablist", "aria-label": "Parts of the world", on: { keydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const index = TABS.findIndex((tab) => tab.id === this.#tab?.id);
      const next = TABS[(index + step + TABS.length) % TABS.length];
      this.context.go(next.id);
      document.getElementById(`tab-${next.id}`).focus();
      event.preventDefault();
    } } }, TABS.map((tab) => {
      const count = h("span", { class: "badge number", hidden: true });
      this.#counts.set(tab, count);
      return h("button", { type: "button", role: "tab", id: `tab-${tab.id}`, "aria-controls": "panel",
        on: { click: () => this.context.go(tab.id) } }, tab.label, count);
    }));
    fill(tabs, list);
    tabs.hidden = false;
  }

  async #look() {
    try {
      const [view, ...lists] = await Promise.all([get(this.world, "/world"),
        ...KINDS.map(({ key, query }) => get(this.world, `/${key}?${query}limit=1000`))]);
      this.#began = view.epoch;
      this.clock.take(view.clock);
      KINDS.forEach((kind, index) => this.store.know(kind, lists[index][kind.key]));
    } catch {
      // the stream says how the connection is
    }
  }

  #take(events) {
    if (this.stream.returned && events.some(({ kind }) => kind === "reset")) {
      toast("The server or the world has begun anew: what was here before is gone.", "warn");
    }
    const anew = events.some(({ kind, data }) => kind === "reset" || kind === "start" || MAKING_ACTS.has(data.act));
    this.store.take(events);
    const moved = events.some(({ kind, data }) => kind === "move" || CLOCK_ACTS.has(data.act));
    if (anew) this.lookAgain();
    else if (moved) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.clock.load(), 150);
    }
    if (events.some(({ kind, data }) => kind === "reset" || (data.act && data.act !== "reportCall"))) this.#view?.reload?.();
  }

  #changed() {
    for (const [tab, count] of this.#counts) {
      const number = tab.count?.(this.store) ?? 0;
      count.hidden = !number;
      count.textContent = number.toLocaleString("en");
    }
    this.#view?.update();
  }

  show({ tab: id, item }) {
    const tab = TABS.find((one) => one.id === id) ?? TABS[0];
    if (this.#tab !== tab) {
      this.#view?.close?.();
      this.#tab = tab;
      this.#view = tab.view(this.context);
      this.#item = null;
      fill(main, h("div", { role: "tabpanel", id: "panel", class: "page fill", "aria-labelledby": `tab-${tab.id}` }, this.#view.element));
      for (const one of TABS) {
        const button = document.getElementById(`tab-${one.id}`);
        button.setAttribute("aria-selected", one === tab);
        button.tabIndex = one === tab ? 0 : -1;
        if (one === tab) button.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
      preview(null);
      this.#view.update();
    }
    if (this.#item !== item) {
      this.#item = item;
      this.#open();
    }
    document.title = `${this.world}, ${tab.label}: Fake Runway`;
  }

  #open() {
    this.#view.open?.(this.#item);
  }

  close() {
    clearTimeout(this.timer);
    this.stream.close();
    this.#view?.close?.();
    this.clock.close();
  }
}

function follow() {
  const wanted = route();
  if (!page || page.world !== wanted.world) {
    page?.close();
    page = wanted.world === null ? new WorldsPage() : new WorldPage(wanted.world);
  }
  page.show(wanted);
}

const scheme = document.getElementById("theme");
const dark = matchMedia("(prefers-color-scheme: dark)");
let forced = sessionStorage.getItem("fake-runway-scheme");

function paint() {
  const isDark = forced ? forced === "dark" : dark.matches;
  document.documentElement.style.colorScheme = forced ?? "";
  scheme.textContent = isDark ? "Light" : "Dark";
}

scheme.addEventListener("click", () => {
  forced = scheme.textContent.toLowerCase();
  sessionStorage.setItem("fake-runway-scheme", forced);
  paint();
});
dark.addEventListener("change", paint);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
window.addEventListener("hashchange", follow);
paint();
follow();
