// The event stream of a world, or of all: by fetch, which can send a token, and only while the tab
// is visible, since a browser opens six connections to a host.

import { eventsOf, listen } from "/__pages/admin.js";
import { askForToken } from "./api.js";

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 8_000;

export class Stream {
  #world;
  #take;
  #say;
  #last = "0";
  #open = null;
  #closed = false;
  #pause = FIRST_PAUSE_MS;
  #timer = null;
  #times = 0;
  #visible = () => this.#follow();

  /** Whether the events that are taken are the first after a break. */
  returned = false;

  /** Follow a world, null: all; `take` gets some events at a time, `say` how the connection is. */
  constructor(world, take, say) {
    this.#world = world;
    this.#take = take;
    this.#say = say;
    document.addEventListener("visibilitychange", this.#visible);
    this.#follow();
  }

  close() {
    this.#closed = true;
    document.removeEventListener("visibilitychange", this.#visible);
    clearTimeout(this.#timer);
    this.#open?.abort();
  }

  #follow() {
    if (document.hidden) {
      this.#open?.abort();
      this.#say("paused");
    } else if (this.#open === null && !this.#closed) {
      clearTimeout(this.#timer);
      this.#listen();
    }
  }

  async #listen() {
    const open = (this.#open = new AbortController());
    let ended = false;
    try {
      this.#say("connecting");
      const after = this.#world === null ? "" : `?after=${encodeURIComponent(this.#last)}`;
      const response = await listen(this.#world, after, {}, open.signal);
      if (response.status === 401) {
        await askForToken();
        this.#pause = 0;
      } else if (response.ok) {
        this.#say("live");
        this.#pause = FIRST_PAUSE_MS;
        this.returned = this.#times++ > 0;
        ended = await this.#read(response.body);
      }
    } catch (error) {
      if (error.name !== "AbortError" && error.name !== "TypeError") console.error(error);
    }
    this.#open = null;
    if (this.#closed || ended) return;
    if (document.hidden) return;
    if (open.signal.aborted) return this.#follow();
    this.#say("reconnecting");
    this.#timer = setTimeout(() => this.#follow(), this.#pause);
    this.#pause = Math.min(Math.max(this.#pause, FIRST_PAUSE_MS) * 2, LONGEST_PAUSE_MS);
  }

  /** Read until the connection ends; return whether there is nothing more to come. */
  async #read(body) {
    for await (const events of eventsOf(body)) {
      this.#last = events.findLast((event) => event.id)?.id ?? this.#last;
      this.#take(events);
      this.returned = false;
      if (this.#world !== null && events.some((event) => event.kind === "dropped")) {
        this.#say("dropped");
        return true;
      }
    }
    return false;
  }
}
