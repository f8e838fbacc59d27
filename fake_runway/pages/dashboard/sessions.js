// The sessions of a world as lanes over one axis, and one session with all that happened to it.

import { get, send } from "./api.js";
import { batched, button, choice, field, fill, h, instant, short, span } from "./dom.js";
import { entryDetail, entryRow } from "./entries.js";
import { findingCard } from "./findings.js";
import { Axis, lane, legend, ruler } from "./lanes.js";
import { List } from "./list.js";
import { action, run, toast } from "./strip.js";

const WINDOWS = [["all", "Everything"], ["30", "Last 30 s"], ["120", "Last 2 min"], ["600", "Last 10 min"],
  ["3600", "Last hour"]];
const STATES = ["all", "live", "queued", "provisioning", "ready", "claimed", "running", "completed", "failed",
  "cancelled"];

export function sessionsView(context) {
  const { store, clock, commands } = context;
  let window_ = "all";
  let by = "auto";
  let state = "all";
  let search = "";
  let axis = new Axis(0, 1, "time");
  let now = 0;
  let detail = null;

  const list = new List({
    id: "lanes", label: "Sessions, newest first", height: 52, class: "lanes",
    key: (session) => session.id,
    version: (session) => `${session.numbers[1]} ${axis.from} ${axis.to} ${axis.by} ${session.ended ? 0 : now}`,
    render: (session) => [
      h("span", { class: "who" },
          h("span", { class: `dot ${session.state}` }),
          h("span", { class: "stacked" },
            h("span", { class: "name" }, session.avatar || "session"),
            h("span", { class: "soft mono small" }, `${session.state ?? "?"} · ${short(session.id)}`))),
        lane(session, axis, now),
        h("span", { class: "unseen" }, laneText(session)),
    ],
    open: (session) => context.go("sessions", session.id),
  });
  const rulerPlace = h("div", { class: "ruler-row" });
  const counts = h("span", { class: "soft small number" });
  const empty = h("div", { class: "empty", hidden: true },
    h("h2", {}, "No sessions yet"),
    h("p", { class: "soft" }, "Point an application at this world, or make a session by hand:"),
    h("pre", {}, `export RUNWAYML_BASE_URL=${location.origin}/w/${context.world}\n`
      + "export RUNWAYML_API_SECRET=any-text"));
  const searchField = h("input", { type: "search", placeholder: "id, avatar, state", "aria-label": "Search sessions",
    on: { input: () => { search = searchField.value.toLowerCase(); update(); } } });
  const made = choice(["provisioning", "queued", "ready", "running", "completed", "failed", "cancelled"],
    "ready", null, { "aria-label": "State of the new session" });
  const whole = h("div", { class: "stack fill" },
    h("div", { class: "row bar-row" },
      h("div", { class: "grow search" }, searchField),
      choice(STATES.map((one) => [one, one === "all" ? "Any state" : one]), state,
        (value) => { state = value; update(); }, { "aria-label": "State" }),
      choice(WINDOWS, window_, (value) => { window_ = value; update(); }, { "aria-label": "Time shown" }),
      choice([["auto", "By time, or order"], ["time", "By time"], ["order", "By order"]], by,
        (value) => { by = value; update(); }, { "aria-label": "Axis" }),
      h("span", { class: "row nowrap" }, made,
        action("Make a session", () => commands.make(made.value), { said: "Made." }))),
    h("div", { class: "row wide" }, legend(), counts),
    h("div", { class: "card flush fill lanes-card" }, rulerPlace, list.element, empty));
  const element = h("div", { class: "fill" }, whole);

  function update() {
    if (detail) return detail.update();
    now = clock.now();
    const sessions = store.newest().filter((session) =>
      (state === "all" || (state === "live" ? !session.ended : session.state === state))
      && (!search || `${session.id} ${session.avatar} ${session.state}`.toLowerCase().includes(search)));
    const from = Math.min(...sessions.slice(0, 2_000).map((session) => session.first), now);
    const byOrder = by === "order" || (by === "auto" && now - from < 0.05 && store.next > 0);
    if (byOrder) {
      const first = Math.min(...sessions.map((session) => Math.max(0, session.numbers[0])), store.next);
      const count = window_ === "all" ? Infinity : Number(window_);
      axis = new Axis(Math.max(first, store.next - count), store.next, "order");
    } else {
      const start = window_ === "all" ? from : now - Number(window_);
      const margin = (now - start) * 0.01;
      axis = new Axis(start - margin, now + margin, "time");
    }
    const live = sessions.filter((session) => !session.ended).length;
    fill(counts, `${sessions.length} sessions, ${live} live`);
    empty.hidden = store.sessions.size > 0;
    list.element.hidden = rulerPlace.hidden = !empty.hidden;
    fill(rulerPlace, h("span", { class: "who soft small" }, byOrder ? "in order" : "world time"),
      ruler(axis, context.epoch(), rulerPlace.clientWidth - 240));
    list.show(sessions);
  }

  const timer = setInterval(() => {
    const moving = clock.rate > 0 && [...store.sessions.values()].some((session) => !session.ended);
    if (moving && !document.hidden && !detail) update();
  }, 500);

  return {
    element,
    update,
    open(id) {
      detail?.close();
      detail = id ? sessionDetail(context, id) : null;
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

function laneText(session) {
  const wrong = session.calls.filter((call) => !(call.response.status < 400)).length;
  return `, ${session.calls.length} calls`
    + (wrong ? `, ${wrong} not answered well` : "") + (session.faults ? `, ${session.faults} faults` : "");
}

const EVENTS = [["provisioned", "becomes READY"], ["consumed", "is consumed"], ["ended", "ends"],
  ["expired", "expires"], ["capped", "reaches its longest run"], ["unpaid", "is not paid"],
  ["cancelled", "is cancelled"]];

function sessionDetail(context, id) {
  const { store, clock, commands, world } = context;
  let facts = null;
  let known = -1;
  let shown = null;
  const head = h("div", { class: "stack" });
  const watched = h("div", {});
  const laneCard = h("div", { class: "card flush" });
  const side = h("div", { class: "detail", tabindex: "-1" }, h("p", { class: "soft" }, "Choose an entry to see both of its sides."));
  const found = h("div", { class: "stack" });
  const list = new List({
    id: "timeline", label: "Timeline of the session", height: 34, class: "entries",
    key: (entry) => entry.number,
    render: (entry) => entryRow(entry, { start: store.sessions.get(id)?.first ?? entry.at, withSession: false }),
    open: (entry) => { shown = entry; drawSide(); },
    move: (entry) => { shown = entry; drawSide(); },
  });
  const element = h("div", { class: "stack fill" }, head, watched, laneCard, found,
    h("div", { class: "split fill" }, h("div", { class: "card flush fill" }, list.element), h("div", { class: "card side" }, side)));

  function drawSide() {
    fill(side, shown
      ? entryDetail(shown, { start: store.sessions.get(id)?.first ?? shown.at, world })
      : h("p", { class: "soft" }, "Choose an entry to see both of its sides."));
  }

  const reload = batched(async () => {
    try {
      facts = await get(world, `/sessions/${encodeURIComponent(id)}`);
    } catch (error) {
      facts = { problem: error.message };
    }
    drawHead();
  });

  function drawHead() {
    const session = store.sessions.get(id);
    const state = facts?.state ?? session?.state ?? "unknown";
    fill(head,
      h("div", { class: "row wide" },
        h("div", { class: "row" },
          h("a", { class: "button plain", href: `#/${encodeURIComponent(world)}/sessions` }, "← Sessions"),
          h("h2", { class: "title" }, session?.avatar || "Session"),
          h("span", { class: "badge" }, h("span", { class: `dot ${state}` }), ` ${state}`)),
        h("code", { class: "soft id" }, id)),
      facts?.problem && h("p", { class: "note bad" }, facts.problem),
      facts && !facts.problem && h("dl", { class: "facts" },
        one("ordinal", facts.ordinal), one("scenario", facts.scenario ?? "of the world"),
        one("created", `${instant(facts.created_at)} UTC`),
        facts.next && one("next", `${facts.next.event} in ${span(Math.max(0, facts.next.at - clock.now()))}`),
        one("longest run", `${facts.max_duration_s}s`),
        one("blocks paid", facts.blocks),
        facts.failure && one("failure", `${facts.failure.code}: ${facts.failure.text}`)),
      actionsFor(context, id, state, watched));
  }

  function update() {
    const session = store.sessions.get(id);
    const last = session?.numbers[1] ?? -1;
    if (last === known && facts) return;
    known = last;
    reload();
    if (session) {
      const now = session.ended ? session.last : Math.max(clock.now(), session.last);
      const flat = now - session.first < 0.05;
      const axis = flat ? new Axis(session.numbers[0], session.numbers[1] + 1, "order")
        : new Axis(session.first - (now - session.first) * 0.01, now + (now - session.first) * 0.04, "time");
      fill(laneCard, h("div", { class: "lane-big" }, ruler(axis, session.first, 800), lane(session, axis, now)));
      list.show(store.of(id));
    }
    const mine = [...store.findings.values()].filter((finding) => finding.session === id);
    fill(found, mine.map((finding) => findingCard(finding, context)));
  }

  drawHead();
  return { element, update, close() { known = -1; } };
}

const one = (name, value) =>
  value === null || value === undefined ? null : h("div", {}, h("dt", {}, name), h("dd", {}, value));

/** Return what can be done to a session in a state. */
function actionsFor({ commands, world }, id, state, place) {
  if (["completed", "failed", "cancelled"].includes(state)) return null;
  const event = choice(EVENTS, state === "running" ? "ended" : "provisioned", null, { "aria-label": "Event" });
  const parts = [
    h("span", { class: "row nowrap" }, event,
      action("Let it happen", () => commands.occur(id, event.value), { said: "Done." })),
    action("Fail", () => commands.fail(id, "INTERNAL", "An internal error occurred."), { class: "risky" }),
  ];
  if (state === "running") {
    parts.push(
      button("Say…", () => talk("Let the avatar say", [["text", "Text", "Hello."]],
        ({ text }) => commands.say(id, text))),
      button("Client event…", () => talk("Let the avatar send a client event", TOOL,
        ({ tool, args }) => commands.clientEvent(id, tool, args))),
      button("Tool call…", () => talk("Let the avatar call a tool of the backend", TOOL,
        ({ tool, args }) => commands.callTool(id, tool, args))),
      action("Hang up", () => commands.hangUp(id), { said: "The avatar ends the call.", class: "risky" }),
      watch(world, id, place));
  }
  return h("div", { class: "row" }, parts);
}

const TOOL = [["tool", "Tool", ""], ["args", "Arguments, as JSON", "{}"]];

/** Ask for the words of a command, show it as it grows, and send it. */
function talk(title, wanted, make) {
  const problem = h("p", { class: "note bad", role: "alert", hidden: true });
  const inputs = wanted.map(([name, label, value]) => [name, field(label, h("input", { value, required: true, name }))]);
  const read = () => {
    const values = {};
    for (const [name, part] of inputs) {
      const text = part.querySelector("input").value;
      values[name] = name === "args" ? JSON.parse(text || "{}") : text;
    }
    return values;
  };
  const dialog = h("dialog", { "aria-labelledby": "talk" }, h("form", { class: "stack", on: { submit: async (event) => {
    event.preventDefault();
    let command;
    try {
      command = make(read());
    } catch (error) {
      problem.hidden = false;
      return fill(problem, `The arguments are no JSON: ${error.message}`);
    }
    if ((await run(command, "The avatar was told.")) !== undefined) close();
  } } },
    h("h2", { id: "talk" }, title), inputs.map(([, part]) => part), problem,
    h("div", { class: "row" }, h("button", { class: "main", type: "submit" }, "Send"), button("Cancel", () => close()))));
  const close = () => { dialog.close(); dialog.remove(); };
  dialog.addEventListener("cancel", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Return what shows the avatar of a running session, muted, and unseen by those in the call. */
function watch(world, id, place) {
  return button("Watch", async () => {
    try {
      await import("/__pages/call-view.js");
      const { path, token } = await send({ method: "POST", path: `/sessions/${encodeURIComponent(id)}/viewer`, world });
      const view = h("call-view", { class: "watched", muted: true });
      fill(place, h("link", { rel: "stylesheet", href: "/__pages/call-view.css" }), view);
      await view.join({ url: location.origin + path, token, viewer: true });
    } catch (error) {
      toast(`The call cannot be watched: ${error.message}`, "bad");
    }
  });
}
