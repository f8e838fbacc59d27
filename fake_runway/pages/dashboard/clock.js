// The clock of a world: what it shows, and what moves it.

import { get } from "./api.js";
import { choice, fill, h, instant, span } from "/__pages/dom.js";
import { action } from "./strip.js";

const SPEEDS = [["0", "frozen"], ["1", "real time"], ["2", "× 2"], ["10", "× 10"], ["60", "× 60"], ["600", "× 600"]];

export class WorldClock {
  #seen = { now: 0, rate: 0, next_due_at: null };
  #at = performance.now();
  #context;
  #timer = null;
  #shown = null;

  constructor(context) {
    this.#context = context;
  }

  now() {
    return this.#seen.now + ((performance.now() - this.#at) / 1000) * this.#seen.rate;
  }

  get rate() {
    return this.#seen.rate;
  }

  async load() {
    try {
      this.take(await get(this.#context.world, "/clock"));
    } catch {
      // the stream says how the connection is
    }
  }

  take(clock) {
    const changed = clock.rate !== this.#seen.rate;
    this.#seen = clock;
    this.#at = performance.now();
    if (changed || !this.#shown) this.draw();
    else this.tick();
  }

  /** Draw the controls into the head of the page. */
  draw() {
    const { commands } = this.#context;
    const take = (clock) => this.take(clock);
    const { rate } = this.#seen;
    const speeds = SPEEDS.some(([one]) => Number(one) === rate) ? SPEEDS : [...SPEEDS, [String(rate), `× ${rate}`]];
    const by = h("input", { value: "1m", "aria-label": "Jump by", class: "mono span" });
    this.#shown = h("span", { class: "time" });
    fill(document.getElementById("clock"),
      this.#shown,
      h("span", { class: "row nowrap" },
        rate === 0 ? action("Run", () => commands.rate(1), { then: take, title: "Let the clock run in real time" })
          : action("Freeze", () => commands.freeze(), { then: take, title: "Stop the clock" }),
        action("Next event", () => commands.next(), { then: take, title: "Move to the next due event" }),
        h("span", { class: "joined" }, by, action("Jump", () => commands.jump(by.value.trim()), { then: take })),
        choice(speeds, String(rate), async (value) => {
          const { run } = await import("./strip.js");
          const answer = await run(commands.rate(Number(value)));
          if (answer) take(answer);
        }, { "aria-label": "Speed of the clock" })));
    this.tick();
    clearInterval(this.#timer);
    this.#timer = setInterval(() => { if (this.rate > 0 && !document.hidden) this.tick(); }, 250);
  }

  tick() {
    const due = this.#seen.next_due_at;
    const now = this.now();
    const next = due === null ? "nothing is due" : `next in ${span(Math.max(0, due - now))}`;
    fill(this.#shown, h("b", { class: "number" }, `+${span(now - this.#context.epoch())}`), h("span", { class: "soft small number" }, next));
    this.#shown.title = `${instant(now)} UTC`;
  }

  close() {
    clearInterval(this.#timer);
    fill(document.getElementById("clock"));
  }
}
