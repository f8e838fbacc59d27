// The calls of a world: filters, near misses, and both sides of each.

import { button, choice, fill, h, short } from "/__pages/dom.js";
import { entryDetail, entryRow, sentence, tone } from "./entries.js";
import { subjectOf } from "./kinds.js";
import { List } from "./list.js";
import { action } from "./strip.js";

const SHOWN = [["calls", "Calls"], ["all", "Calls, changes and acts"], ["near", "Near misses: no such route"],
  ["wrong", "Calls that were not answered well"], ["faults", "Calls that a fault struck"]];

export function journalView(context) {
  const { store, commands, world } = context;
  let what = "calls";
  let operation = "";
  let search = "";
  let chosen = null;
  let wanted = null;
  const side = h("div", { class: "detail", tabindex: "-1" });
  const counts = h("span", { class: "soft small number" });
  const operations = choice([["", "Any operation"]], "", (value) => { operation = value; update(); },
    { "aria-label": "Operation" });
  const searchField = h("input", { type: "search", placeholder: "path, session, fault, body", "aria-label": "Search the journal",
    on: { input: () => { search = searchField.value.toLowerCase(); update(); } } });
  const list = new List({
    id: "journal", label: "Journal, oldest first", height: 34, class: "entries", bottom: true,
    key: (entry) => entry.number,
    render: (entry) => entryRow(entry, { start: context.epoch() }),
    open: choose, move: choose,
  });
  const gap = h("p", { class: "note warn", hidden: true });
  const known = new Set();
  const sideCard = h("div", { class: "card side" }, side);
  const element = h("div", { class: "stack fill" },
    h("div", { class: "row bar-row" },
      h("div", { class: "grow search" }, searchField),
      choice(SHOWN, what, (value) => { what = value; update(); }, { "aria-label": "Entries shown" }),
      operations,
      action("Clear", () => commands.clearJournal(),
        { class: "risky", sure: "Delete all entries? This run cannot be replayed then." }),
      counts),
    gap,
    h("div", { class: "split fill" }, h("div", { class: "card flush fill" }, list.element), sideCard));

  function choose(entry) {
    chosen = entry;
    fill(side, entryDetail(entry, { start: context.epoch(), world }));
  }

  function fits(entry) {
    if (what === "near" && entry.operation !== null) return false;
    if (what === "wrong" && !["bad", "warn"].includes(tone(entry))) return false;
    if (what === "faults" && entry.faults.length === 0) return false;
    if (operation && entry.operation !== operation) return false;
    if (!search) return true;
    return textOf(entry).includes(search);
  }

  function update() {
    const source = what === "all" ? store.entries : store.exchanges;
    const entries = source.filter(fits);
    for (const { operation: name } of store.exchanges) {
      if (name && !known.has(name)) {
        known.add(name);
        operations.append(h("option", { value: name }, name));
      }
    }
    fill(counts, `${entries.length} of ${source.length}`);
    gap.hidden = store.missed === 0;
    fill(gap, `${store.missed} earlier entries are no longer kept.`);
    list.show(entries);
    if (wanted !== null) settle();
    if (!chosen) fill(side, h("p", { class: "soft" }, entries.length ? "Choose an entry to see both of its sides." : "No entry fits."));
  }

  /** Show the entry that the address names, once it has come. */
  function settle() {
    const entry = store.entry(wanted);
    if (!entry) return;
    wanted = null;
    if (entry.kind !== "exchange" && what !== "all") {
      what = "all";
      element.querySelector("select").value = "all";
      update();
    }
    choose(entry);
    list.activate(entry.number);
  }

  return {
    element,
    update,
    open(id) {
      wanted = id ? Number(id) : null;
      if (id) settle();
    },
  };
}

const texts = new WeakMap();

function textOf(entry) {
  let text = texts.get(entry);
  if (text === undefined) {
    const parts = [sentence(entry), subjectOf(entry)?.id, entry.operation, ...(entry.faults ?? []), entry.nearest];
    if (entry.kind === "exchange") {
      parts.push(entry.response.status, JSON.stringify(entry.request), JSON.stringify(entry.response.body));
    }
    text = parts.join(" ").toLowerCase();
    texts.set(entry, text);
  }
  return text;
}
