// A long list of which only the visible rows exist. Rows are of one height; one of them is active,
// and the keyboard moves that. `key` names an item, so that it stays active when others come.

import { fill, h } from "/__pages/dom.js";

const MARGIN = 8;

export class List {
  #items = [];
  #rows = new Map();
  #active = null;
  #options;

  /** Make a list. Options: label, height, key, render(item), open(item), version(item), bottom. */
  constructor(options) {
    this.#options = options;
    this.sizer = h("div", { class: "sizer", role: "presentation" });
    this.element = h("div", {
      class: `list ${options.class ?? ""}`, role: "listbox", tabindex: "0", "aria-label": options.label,
      on: { scroll: () => this.#draw(), keydown: (event) => this.#press(event) },
    }, this.sizer);
    this.element.style.setProperty("--row", `${options.height}px`);
    new ResizeObserver(() => this.#draw()).observe(this.element);
  }

  /** Show other items. A list that shows its end goes on doing so, if it is to. */
  show(items) {
    const element = this.element;
    const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - this.#options.height;
    this.#items = items;
    this.sizer.style.setProperty("height", `${items.length * this.#options.height}px`);
    if (this.#options.bottom && atEnd) element.scrollTop = element.scrollHeight;
    this.#draw(true);
  }

  /** Make an item active without opening it. */
  activate(key, { scroll = true } = {}) {
    this.#active = key;
    const index = this.#items.findIndex((item) => this.#options.key(item) === key);
    if (index >= 0 && scroll) this.#reveal(index);
    this.#draw();
  }

  #reveal(index) {
    const { height } = this.#options;
    const top = index * height;
    const element = this.element;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + height - element.clientHeight;
    }
  }

  #draw(fresh = false) {
    const { height, key, render, version } = this.#options;
    const first = Math.max(0, Math.floor(this.element.scrollTop / height) - MARGIN);
    const last = Math.min(this.#items.length,
      Math.ceil((this.element.scrollTop + this.element.clientHeight) / height) + MARGIN);
    const wanted = new Map();
    for (let index = first; index < last; index++) {
      const item = this.#items[index];
      const id = key(item);
      let row = this.#rows.get(id);
      const now = version ? version(item) : "";
      if (!row || (fresh && row.version !== now)) {
        row?.element.remove();
        const element = h("div", {
          class: "item", role: "option", id: `${this.#options.id}-${String(id).replace(/[^\w-]/g, "_")}`,
          on: { click: () => this.#open(item) },
        });
        fill(element, render(item));
        row = { element, version: now, index: -1 };
      }
      if (row.index !== index) {
        row.element.style.setProperty("top", `${index * height}px`);
        row.element.setAttribute("aria-posinset", index + 1);
        row.index = index;
      }
      row.element.setAttribute("aria-setsize", this.#items.length);
      row.element.setAttribute("aria-selected", id === this.#active);
      wanted.set(id, row);
    }
    for (const [id, row] of this.#rows) if (wanted.get(id) !== row) row.element.remove();
    let before = null;
    for (const row of wanted.values()) {
      if (row.element.parentNode !== this.sizer || (before && before.nextSibling !== row.element)) {
        this.sizer.insertBefore(row.element, before ? before.nextSibling : this.sizer.firstChild);
      }
      before = row.element;
    }
    this.#rows = wanted;
    const active = wanted.get(this.#active);
    if (active) this.element.setAttribute("aria-activedescendant", active.element.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #open(item) {
    this.#active = this.#options.key(item);
    this.#draw();
    this.#options.open?.(item);
  }

  #press(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.#options.height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9 };
    const count = this.#items.length;
    if (count === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const at = this.#items.findIndex((item) => this.#options.key(item) === this.#active);
    if (event.key in steps) {
      const from = at < 0 && steps[event.key] > 0 && Math.abs(steps[event.key]) === 1 ? -1 : Math.max(at, 0);
      const to = Math.min(count - 1, Math.max(0, from + steps[event.key]));
      this.#active = this.#options.key(this.#items[to]);
      this.#reveal(to);
      this.#draw();
      this.#options.move?.(this.#items[to]);
    } else if (event.key === "Enter" || event.key === " ") {
      if (at >= 0) this.#options.open?.(this.#items[at]);
    } else {
      return;
    }
    event.preventDefault();
  }
}
