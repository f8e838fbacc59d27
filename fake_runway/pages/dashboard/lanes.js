// A session as a lane: bars for its states, marks for calls, faults and what happened in its room.
// The axis is the world's time, or the order of what happened, for worlds whose clock stands still.

import { h, span } from "/__pages/dom.js";
import { tone } from "./entries.js";

const MOST_MARKS = 80;

/** Where things are on the axis, in percent. */
export class Axis {
  constructor(from, to, by) {
    this.from = from;
    this.to = Math.max(to, from + 1e-6);
    this.by = by;
  }

  place(entry) {
    return this.percent(this.by === "order" ? entry.number : entry.at);
  }

  percent(value) {
    return ((value - this.from) / (this.to - this.from)) * 100;
  }

  /** Return round places and what to write there. */
  ticks(count, start) {
    if (this.by === "order") {
      return Array.from({ length: count }, (_, index) => {
        const number = Math.round(this.from + ((this.to - this.from) * index) / count);
        return [this.percent(number), `#${number}`];
      });
    }
    const step = niceStep((this.to - this.from) / count);
    const first = Math.ceil((this.from - start) / step) * step;
    const ticks = [];
    for (let at = first; at + start <= this.to; at += step) {
      const place = this.percent(at + start);
      if (place < 95) ticks.push([place, `+${tickText(at, step)}`]);
    }
    return ticks;
  }
}

function niceStep(least) {
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300,
    600, 1800, 3600, 7200, 21600, 43200, 86400];
  return steps.find((step) => step >= least) ?? Math.ceil(least / 86400) * 86400;
}

function tickText(seconds, step) {
  if (step < 1) return `${seconds.toFixed(step < 0.01 ? 3 : 2)}s`;
  if (seconds < 60) return `${Math.round(seconds)}s`;
  if (seconds < 3600) {
    const rest = Math.round(seconds % 60);
    return `${Math.floor(seconds / 60)}m${rest ? ` ${rest}s` : ""}`;
  }
  return span(seconds);
}

/** Return a lane. */
export function lane(session, axis, now) {
  const end = session.ended ? session.bars.at(-1) : null;
  const stop = axis.by === "order"
    ? (session.ended ? end.number : axis.to)
    : (session.ended ? end.at : Math.max(now, session.last));
  const parts = [];
  session.bars.forEach((bar, index) => {
    const next = session.bars[index + 1];
    const from = axis.place(bar);
    const to = next ? axis.place(next) : axis.percent(stop);
    if (to < 0 || from > 100) return;
    const last = index === session.bars.length - 1 && session.ended;
    const left = Math.max(from, -1);
    parts.push(h("span", {
      class: `bar ${bar.state}${last ? " end" : ""}`,
      style: { left: `${left}%`, width: last ? null : `${Math.max(0, Math.min(to, 101) - left)}%` },
    }));
  });
  const within = (entry) => axis.place(entry) >= -1 && axis.place(entry) <= 101;
  for (const call of thinned(session.calls.filter(within))) {
    parts.push(h("span", {
      class: `tick ${tone(call)}${call.faults.length ? " fault" : ""}`, style: { left: `${axis.place(call)}%` },
    }));
  }
  for (const report of thinned(session.room.filter(within))) {
    parts.push(h("span", { class: `speck ${report.given.event}`, style: { left: `${axis.place(report)}%` } }));
  }
  return h("span", { class: "lane", "aria-hidden": "true" }, parts);
}

/** Keep what tells most: what is wrong, and the rest evenly. */
function thinned(entries) {
  if (entries.length <= MOST_MARKS) return entries;
  const every = Math.ceil(entries.length / MOST_MARKS);
  return entries.filter((entry, index) => index % every === 0 || entry.faults?.length);
}

/** Return the axis itself. */
export function ruler(axis, start, width) {
  const ticks = axis.ticks(Math.max(2, Math.floor(width / 110)), start);
  return h("span", { class: "ruler", "aria-hidden": "true" },
    ticks.map(([at, text]) => h("span", { class: "rule", style: { left: `${at}%` } }, text)));
}

/** Return what the colours mean. */
export function legend(states, { room }) {
  return h("ul", { class: "legend", "aria-label": "Colours" },
    states.map((state) => h("li", {}, h("span", { class: `dot ${state}` }), state)),
    h("li", {}, h("span", { class: "tick sample good" }), "call"),
    h("li", {}, h("span", { class: "tick sample warn fault" }), "fault"),
    room && h("li", {}, h("span", { class: "speck sample" }), "in the room"));
}
