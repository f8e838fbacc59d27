// What a world's events add up to: entries by number, resources (of each kind) with what happened to
// them, findings.
// Events may come again after a reconnect; what is known already changes nothing.

import { batched } from "/__pages/dom.js";
import { KINDS, subjectOf } from "./kinds.js";

const TERMINAL = new Set(["completed", "succeeded", "failed", "cancelled", "deleted"]);
const MOST_ENTRIES = 30_000;

export class Store extends EventTarget {
  constructor() {
    super();
    this.changed = batched(() => this.dispatchEvent(new Event("change")));
    this.clear();
  }

  clear() {
    this.entries = [];
    this.exchanges = [];
    this.resources = new Map(KINDS.map((kind) => [kind, new Map()]));
    this.findings = new Map();
    this.missed = 0;
    this.clears = null;
    this.next = 0;
    this.dropped = false;
    this.version = 0;
  }

  /** Take events in the order of the stream. */
  take(events) {
    for (const { kind, data } of events) {
      if (kind === "reset") this.clear();
      else if (kind === "dropped") this.dropped = true;
      else if (kind === "gap") this.missed += data.missed;
      else if (kind === "cleared" || kind === "start") this.#cleared(data.clears);
      else if (kind === "finding") this.findings.set(`${data.id} ${subjectOf(data)?.id}`, data);
      else this.#add(data);
    }
    this.version++;
    this.changed();
  }

  /** Forget entries that the server has deleted; sessions stay, whose states do not need them. */
  #cleared(clears) {
    if (this.clears !== null && this.clears !== clears) {
      this.entries = [];
      this.exchanges = [];
      this.missed = 0;
    }
    this.clears = clears;
  }

  #add(entry) {
    if (entry.number < this.next) return;
    this.next = entry.number + 1;
    this.entries.push(entry);
    if (entry.kind === "exchange") this.exchanges.push(entry);
    if (this.entries.length > MOST_ENTRIES * 1.1) this.#trim();
    this.#tell(entry);
  }

  #trim() {
    this.entries = this.entries.slice(-MOST_ENTRIES);
    const oldest = this.entries[0].number;
    this.exchanges = this.exchanges.filter((entry) => entry.number >= oldest);
  }

  #tell(entry) {
    const about = subjectOf(entry) ?? this.#of(entry);
    if (!about) return;
    const { kind, id } = about;
    const resources = this.resources.get(kind);
    let resource = resources.get(id);
    if (!resource) {
      resource = new Resource(kind, id, resources.size, entry.at);
      resources.set(id, resource);
    }
    resource.take(entry);
  }

  /** Return what an act is about that names a resource by its id alone, and let it say so itself. */
  #of(entry) {
    const id = entry.kind === "act" ? entry.given.id : undefined;
    const kind = id && KINDS.find((one) => this.resources.get(one).has(id));
    if (!kind) return null;
    entry[kind.one] = id;
    return { kind, id };
  }

  /** Take the resources of a kind that there are: the journal may no longer have the older ones. */
  know(kind, views) {
    const resources = this.resources.get(kind);
    for (const view of views) {
      const known = resources.get(view.id);
      if (known) {
        known.name ||= kind.named(view) ?? "";
        continue;
      }
      const resource = new Resource(kind, view.id, view.ordinal, view.created_at);
      resource.state = view.state;
      resource.name = kind.named(view) ?? "";
      resource.last = view.changed_at;
      resource.bars = [{ state: view.state, at: view.changed_at, number: entryRange }];
      resources.set(view.id, resource);
    }
    this.changed();
  }

  /** Return the resources of a kind, newest first. */
  newest(kind) {
    return [...this.resources.get(kind).values()].sort((one, other) =>
      other.first - one.first || other.numbers[0] - one.numbers[0] || other.ordinal - one.ordinal);
  }

  entry(number) {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.entries[middle].number < number) low = middle + 1;
      else high = middle;
    }
    const found = this.entries[low];
    return found?.number === number ? found : null;
  }

  /** Return the entries about a resource. */
  about(kind, id) {
    return this.entries.filter((entry) => entry[kind.one] === id);
  }
}

class Resource {
  constructor(kind, id, ordinal, at) {
    this.kind = kind;
    this.id = id;
    this.ordinal = ordinal;
    this.first = at;
    this.last = at;
    this.state = null;
    this.name = "";
    this.failure = null;
    this.bars = [];
    this.calls = [];
    this.room = [];
    this.faults = 0;
    this.charged = 0;
    this.numbers = [entryRange, entryRange];
  }

  take(entry) {
    this.last = Math.max(this.last, entry.at);
    if (this.numbers[0] === entryRange) this.numbers = [entry.number, entry.number];
    this.numbers[1] = entry.number;
    if (entry.kind === "move") {
      this.state = entry.after;
      this.charged += entry.charge;
      this.failure = entry.failure ?? this.failure;
      if (this.bars.at(-1)?.state !== entry.after) {
        this.bars.push({ state: entry.after, at: entry.at, number: entry.number });
      }
    } else if (entry.kind === "exchange") {
      this.calls.push(entry);
      if (entry.faults.length) this.faults++;
      if (entry.request.body && entry.acted && !(entry.response.status >= 400)) {
        this.name = this.kind.named({ ...entry.request.body, operation: entry.operation }) || this.name;
      }
    } else if (entry.act === "reportCall") {
      this.room.push(entry);
    }
  }

  get ended() {
    return TERMINAL.has(this.state);
  }
}

const entryRange = -1;
