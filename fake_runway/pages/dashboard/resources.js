// Resources of one kind as lanes over one axis, and one of them with all that happened to it. What is
// special about a kind is declared in kinds.js.

import { get } from "./api.js";
import { batched, choice, fill, h, instant, short, span } from "/__pages/dom.js";
import { entryDetail, entryRow } from "./entries.js";
import { findingCard } from "./findings.js";
import { withArticle } from "./kinds.js";
import { Axis, lane, legend, ruler } from "./lanes.js";
import { List } from "./list.js";
import { action, toast } from "./strip.js";

const WINDOWS = [["all", "Everything"], ["30", "Last 30 s"], ["120", "Last 2 min"], ["600", "Last 10 min"],
  ["3600", "Last hour"]];
/** Return the view of a kind; see kinds.js. */
export function lanesView(context, kind) {
  const { store, clock } = context;
  const resources = () => store.resources.get(kind);
  let window_ = "all";
  let by = "auto";
  let state = "all";
  let search = "";
  let axis = new Axis(0, 1, "time");
  let now = 0;
  let detail = null;

  const list = new List({
    id: "lanes", label: `${kind.label}, newest first`, height: 52, class: "lanes",
    key: (one) => one.id,
    version: (one) => `${one.numbers[1]} ${one.name} ${axis.from} ${axis.to} ${axis.by} ${one.ended ? 0 : now}`,
    render: (one) => [
      h("span", { class: "who" },
          h("span", { class: `dot ${one.state}` }),
          h("span", { class: "stacked" },
            h("span", { class: "name" }, one.name || kind.one),
            h("span", { class: "soft mono small" }, `${one.state ?? "?"} · ${short(one.id)}`))),
        lane(one, axis, now),
        h("span", { class: "unseen" }, laneText(one)),
    ],
    open: (one) => context.go(kind.id, one.id),
  });
  const rulerPlace = h("div", { class: "ruler-row" });
  const counts = h("span", { class: "soft small number" });
  const empty = h("div", { class: "empty", hidden: true },
    h("h2", {}, `No ${kind.id} yet`),
    h("p", { class: "soft" }, kind.hint),
    h("pre", {}, `export RUNWAYML_BASE_URL=${location.origin}/w/${context.world}\n`
      + "export RUNWAYML_API_SECRET=any-text"));
  const searchField = h("input", { type: "search", placeholder: kind.searched, "aria-label": `Search ${kind.id}`,
    on: { input: () => { search = searchField.value.toLowerCase(); update(); } } });
  const whole = h("div", { class: "stack fill" },
    h("div", { class: "row bar-row" },
      h("div", { class: "grow search" }, searchField),
      choice([["all", "Any state"], "live", ...kind.states], state,
        (value) => { state = value; update(); }, { "aria-label": "State" }),
      choice(WINDOWS, window_, (value) => { window_ = value; update(); }, { "aria-label": "Time shown" }),
      choice([["auto", "By time, or order"], ["time", "By time"], ["order", "By order"]], by,
        (value) => { by = value; update(); }, { "aria-label": "Axis" }),
      maker(context, kind)),
    h("div", { class: "row wide" }, legend(kind.states, kind), counts),
    h("div", { class: "card flush fill lanes-card" }, rulerPlace, list.element, empty));
  const element = h("div", { class: "fill" }, whole);

  function update() {
    if (detail) return detail.update();
    now = clock.now();
    const shown = store.newest(kind).filter((one) =>
      (state === "all" || (state === "live" ? !one.ended : one.state === state))
      && (!search || `${one.id} ${one.name} ${one.state}`.toLowerCase().includes(search)));
    const from = Math.min(...shown.slice(0, 2_000).map((one) => one.first), now);
    const byOrder = by === "order" || (by === "auto" && now - from < 0.05 && store.next > 0);
    if (byOrder) {
      const first = Math.min(...shown.map((one) => Math.max(0, one.numbers[0])), store.next);
      const count = window_ === "all" ? Infinity : Number(window_);
      axis = new Axis(Math.max(first, store.next - count), store.next, "order");
    } else {
      const start = window_ === "all" ? from : now - Number(window_);
      const margin = (now - start) * 0.01;
      axis = new Axis(start - margin, now + margin, "time");
    }
    const live = shown.filter((one) => !one.ended).length;
    fill(counts, `${shown.length} ${kind.id}, ${live} live`);
    empty.hidden = resources().size > 0;
    list.element.hidden = rulerPlace.hidden = !empty.hidden;
    fill(rulerPlace, h("span", { class: "who soft small" }, byOrder ? "in order" : "world time"),
      ruler(axis, context.epoch(), rulerPlace.clientWidth - 240));
    list.show(shown);
  }

  const timer = setInterval(() => {
    const moving = clock.rate > 0 && [...resources().values()].some((one) => !one.ended);
    if (moving && !document.hidden && !detail) update();
  }, 500);

  return {
    element,
    update,
    open(id) {
      detail?.close();
      detail = id ? detailOf(context, kind, id) : null;
      fill(element, detail ? detail.element : whole);
      update();
      if (!id) list.element.focus({ preventScroll: true });
    },
    close() {
      clearInterval(timer);
      detail?.close();
    },
  };
}

function laneText(one) {
  const wrong = one.calls.filter((call) => !(call.response.status < 400)).length;
  return `, ${one.calls.length} calls`
    + (wrong ? `, ${wrong} not answered well` : "") + (one.faults ? `, ${one.faults} faults` : "");
}

/** Return what makes a resource by hand, nothing for a kind of which none can be made. */
function maker({ commands }, { one, key, states, first }) {
  if (!first) return null;
  const state = choice(states, first, null, { "aria-label": `State of the new ${one}` });
  return h("span", { class: "row nowrap" }, state,
    action(`Make ${withArticle(one)}`, () => commands[key].make(state.value, one), { said: "Made." }));
}

function detailOf(context, kind, id) {
  const { store, clock, world, commands } = context;
  const its = () => store.resources.get(kind).get(id);
  let facts = null;
  let known = -1;
  let shown = null;
  const title = h("div", { class: "row wide" });
  const told = h("div", { class: "stack" });
  const doing = h("div", {});
  let drawn = "";
  const watched = h("div", {});
  const laneCard = h("div", { class: "card flush" });
  const side = h("div", { class: "detail", tabindex: "-1" }, h("p", { class: "soft" }, "Choose an entry to see both of its sides."));
  const found = h("div", { class: "stack" });
  const list = new List({
    id: "timeline", label: `Timeline of the ${kind.one}`, height: 34, class: "entries",
    key: (entry) => entry.number,
    render: (entry) => entryRow(entry, { start: its()?.first ?? entry.at, withSession: false }),
    open: (entry) => { shown = entry; drawSide(); },
    move: (entry) => { shown = entry; drawSide(); },
  });
  const element = h("div", { class: "stack fill" }, title, told, doing, watched, laneCard, found,
    h("div", { class: "split fill" }, h("div", { class: "card flush fill" }, list.element), h("div", { class: "card side" }, side)));

  function drawSide() {
    fill(side, shown
      ? entryDetail(shown, { start: its()?.first ?? shown.at, world })
      : h("p", { class: "soft" }, "Choose an entry to see both of its sides."));
  }

  const reload = batched(async () => {
    try {
      facts = await get(world, `/${kind.key}/${encodeURIComponent(id)}`);
    } catch (error) {
      facts = { problem: error.message };
    }
    drawHead();
  });

  function drawHead() {
    const mine = its();
    const state = facts?.state ?? mine?.state ?? "unknown";
    const name = kind.named(facts ?? {}) || mine?.name || kind.one;
    if (drawn !== `${state} ${name}`) {
      // what can have the focus is drawn anew only if it differs, and passes the focus on
      drawn = `${state} ${name}`;
      const focused = [title, doing].some((part) => part.contains(document.activeElement));
      drawTitle(state, name);
      fill(doing, kind.actions(context, id, state, watched));
      if (focused) title.querySelector("h2").focus();
    }
    fill(told,
      facts?.problem && h("p", { class: "note bad" }, facts.problem),
      facts && !facts.problem && h("dl", { class: "facts" },
        one("ordinal", facts.ordinal), facts.scenario !== undefined && one("scenario", facts.scenario ?? "of the world"),
        one("created", `${instant(facts.created_at)} UTC`),
        facts.next && one("next", `${facts.next.event} in ${span(Math.max(0, facts.next.at - clock.now()))}`),
        kind.facts(facts).map(([name, value]) => one(name, value)),
        facts.failure && one("failure", `${facts.failure.code}: ${facts.failure.text}`)));
  }

  function drawTitle(state, name) {
    fill(title,
      h("div", { class: "row" },
        h("a", { class: "button plain", href: `#/${encodeURIComponent(world)}/${kind.id}` }, `← ${kind.label}`),
        h("h2", { class: "title", tabindex: "-1" }, name),
        h("span", { class: "badge" }, h("span", { class: `dot ${state}` }), ` ${state}`)),
      h("div", { class: "row" },
        h("code", { class: "soft id" }, id),
        action("Copy the timeline", () => commands[kind.key].timeline(id), { class: "plain", then: copied })));
  }

  async function copied({ lines }) {
    try {
      await navigator.clipboard.writeText(lines.join("\n"));
      toast("Copied.");
    } catch {
      toast("The browser does not allow to copy.", "warn");
    }
  }

  function update() {
    const session = its();
    const last = session?.numbers[1] ?? -1;
    if (last === known && facts) return;
    known = last;
    reload();
    if (session) {
      const now = session.ended ? session.last : Math.max(clock.now(), session.last);
      const flat = now - session.first < 0.05;
      const axis = flat ? new Axis(session.numbers[0], session.numbers[1] + 1, "order")
        : new Axis(session.first - (now - session.first) * 0.01, now + (now - session.first) * 0.04, "time");
      fill(laneCard, h("div", { class: "lane-big" }, ruler(axis, session.first, element.clientWidth - 40), lane(session, axis, now)));
      list.show(store.about(kind, id));
    }
    const mine = [...store.findings.values()].filter((finding) => finding[kind.one] === id);
    fill(found, mine.map((finding) => findingCard(finding, context)));
  }

  drawHead();
  return { element, update, close() { known = -1; } };
}

const one = (name, value) =>
  value === null || value === undefined ? null : h("div", {}, h("dt", {}, name), h("dd", {}, value));

