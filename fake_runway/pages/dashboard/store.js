// What a world's events add up to: entries by number, resources (sessions, tasks) with what happened to
// them, findings.
// Events may come again after a reconnect; what is known already changes nothing.

import { batched } from "/__pages/dom.js";

const TERMINAL = new Set(["completed", "succeeded", "failed", "cancelled"]);
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
    this.sessions = new Map();
    this.tasks = new Map();
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
      else if (kind === "finding") this.findings.set(`${data.id} ${data.session}`, data);
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
    if (entry.session) this.#tell(this.sessions, entry.session, entry);
    if (entry.task) this.#tell(this.tasks, entry.task, entry);
  }

  #trim() {
    this.entries = this.entries.slice(-MOST_ENTRIES);
    const oldest = this.entries[0].number;
    this.exchanges = this.exchanges.filter((entry) => entry.number >= oldest);
  }

  #tell(resources, id, entry) {
    let resource = resources.get(id);
    if (!resource) {
      resource = new Resource(id, resources.size, entry.at);
      resources.set(id, resource);
    }
    resource.take(entry);
  }

  /** Take the resources of a kind that there are: the journal may no longer have the older ones. */
  know(resources, views) {
    for (const view of views) {
      if (resources.has(view.id)) continue;
      const resource = new Resource(view.id, view.ordinal, view.created_at);
      resource.state = view.state;
      resource.name = view.model ?? "";
      resource.last = view.changed_at;
      resource.bars = [{ state: view.state, at: view.changed_at, number: entryRange }];
      resources.set(view.id, resource);
    }
    this.changed();
  }

  /** Return resources of a kind, newest first. */
  newest(resources) {
    return [...resources.values()].sort((one, other) =>
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

  /** Return the entries about a resource; `key` is what entries call its kind. */
  about(key, id) {
    return this.entries.filter((entry) => entry[key] === id);
  }
}

class Resource {
  constructor(id, ordinal, at) {
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
      if (entry.request.body) this.name ||= nameIn(entry);
    } else if (entry.act === "reportCall") {
      this.room.push(entry);
    }
  }

  get ended() {
    return TERMINAL.has(this.state);
  }
}

const entryRange = -1;

/** Return what to call the resource that a call creates: its avatar, or its model. */
function nameIn({ operation, request: { body } }) {
  if (operation !== "createSession") return typeof body.model === "string" ? body.model : operation ?? "";
  const avatar = body.avatar;
  return avatar?.presetId ?? avatar?.avatarId ?? avatar?.type ?? "";
}
