// What happens behind a call, as the fake's journal has it: calls, sessions, room, faults, findings.

import { admin, follow } from "./admin.js";
import { $, h, pretty, seconds } from "/__pages/dom.js";

const MOST_ROWS = 250;
const MOST_TRACKS = 4;
const OVER = new Set(["completed", "failed", "cancelled"]);

export class Live {
  #world = null;
  #stop = null;
  #since = -1; // entries before it are of earlier calls
  #start = 0; // of the world's clock, when Call was pressed
  #next = 0;
  #last = ""; // the id of the last event
  #clock = null; // {now, rate, at}
  #rows = [];
  #sessions = new Map();
  #faults = 0;
  #refreshing = null;
  #own = new Set(); // sessions that the page has consumed itself

  constructor() {
    setInterval(() => document.hidden || this.#tick(), 250);
    document.addEventListener("visibilitychange", () => this.#visible());
  }

  get world() {
    return this.#world;
  }

  /** Show another world from now on; with its `epoch`, from its begin, beside what is shown. */
  watch(world, epoch = null) {
    if (world === this.#world) return;
    this.#world = world;
    this.#next = 0;
    this.#clock = null;
    if (epoch === null) {
      this.#last = "";
      this.clear();
    } else {
      this.#last = "0";
      this.#since = 0;
      this.#start = epoch;
    }
    $("fact-world").textContent = world;
    $("facts").hidden = false;
    this.#visible();
  }

  /** Forget what is shown; what comes from now on belongs to a new call. */
  clear() {
    this.#since = this.#next;
    this.#start = this.#now();
    this.#rows = [];
    this.#sessions.clear();
    this.#own.clear();
    this.#faults = 0;
    $("rows").replaceChildren();
    $("tracks").replaceChildren();
    $("findings").replaceChildren();
    $("fact-faults").textContent = "0";
    $("live-empty").hidden = false;
  }

  /** Note that the page has consumed a session itself. */
  consumes(sessionId) {
    this.#own.add(sessionId);
  }

  /** Show a call of the page to its server. Returns a function that shows the answer. */
  page(request) {
    const row = this.#row("page", "page → your server", `${request.method} ${pathOf(request.url)}`);
    row.detail("Asked", request.body);
    return (status, body, bad) => {
      row.status(status, bad);
      row.detail("Answered", body);
    };
  }

  #visible() {
    this.#stop?.abort(); // a hidden page keeps no connection open: browsers allow six per host
    this.#stop = null;
    if (document.hidden || this.#world === null) return;
    const stop = (this.#stop = new AbortController());
    $("live-state").textContent = "live";
    $("live-state").className = "badge good";
    const take = (event) => !stop.signal.aborted && this.#take(event);
    follow(this.#world, this.#last, take, stop.signal).catch(() => {
      $("live-state").textContent = "not live";
      $("live-state").className = "badge bad";
    });
    this.#refresh();
  }

  #take({ id, kind, data }) {
    if (id) this.#last = id;
    switch (kind) {
      case "reset":
        this.#next = 0;
        this.clear();
        break;
      case "finding":
        if (Math.min(...data.numbers) >= this.#since) this.#finding(data);
        break;
      case "exchange":
      case "move":
      case "act":
        if (data.number < this.#next) return; // seen before the stream was reopened
        this.#next = data.number + 1;
        if (this.#since < 0 || data.number < this.#since) return;
        this.#entry(kind, data);
        this.#refresh();
        break;
      case "start":
        if (this.#next === 0) this.#since = this.#next = data.next;
        break;
    }
  }

  #entry(kind, data) {
    if (kind === "exchange") this.#exchange(data);
    else if (kind === "move") this.#move(data);
    else this.#act(data);
  }

  #exchange(data) {
    const own = data.operation === "consumeSession" && this.#own.has(data.session);
    const { status, body, arrives, wait_s: wait } = data.response;
    const shown = arrives ? (status ?? "no answer") : "lost";
    const key = `${data.operation} ${shown} ${data.faults} ${body?.status}`;
    this.#faults += data.faults.length;
    $("fact-faults").textContent = String(this.#faults);
    const last = this.#rows[0];
    if (last?.key === key && !own) {
      last.again();
      return;
    }
    const hop = own ? "page → fake" : "your server → fake";
    const row = this.#row(own ? "page" : "server", hop, `${data.method} ${shortened(data.path)}`, data.at);
    row.key = key;
    row.status(shown, !arrives || status === null || status >= 400);
    if (body?.status) row.note(body.status);
    if (wait > 0.05) row.note(`after ${seconds(wait)}`);
    for (const fault of data.faults) row.badge(`fault ${fault}`);
    row.detail("Asked", data.request.body);
    row.detail("Answered", body);
  }

  #move(data) {
    const id = data.session ?? data.avatar;
    const session = this.#sessions.get(id) ?? { id, spans: [] };
    session.spans.push({ state: data.after, from: data.at, event: data.event });
    this.#sessions.set(id, session);
    while (this.#sessions.size > MOST_TRACKS) {
      this.#sessions.delete(this.#sessions.keys().next().value);
    }
    if (data.before === data.after) return; // billed
    const row = this.#row("state", "session", data.after.toUpperCase(), data.at);
    row.state(data.after);
    row.note(data.event);
    if (data.failure) row.detail("Why", data.failure);
    this.#tick();
  }

  #act(data) {
    if (data.act === "reportCall") {
      const text = reported(data.given);
      if (text) this.#row("room", "room", text, data.at);
      return;
    }
    this.#row("admin", "admin API", acted(data), data.at).detail("Given", data.given);
  }

  #finding(data) {
    if ([...$("findings").children].some((each) => each.dataset.id === `${data.id} ${data.session}`)) return;
    const bad = data.severity === "error";
    $("findings").append(
      h(
        "p",
        { class: `note small ${bad ? "bad" : "warn"}`, "data-id": `${data.id} ${data.session}` },
        h("strong", {}, "The fake has noticed: "),
        data.message,
      ),
    );
  }

  #row(kind, hop, text, at = this.#now()) {
    $("live-empty").hidden = true;
    const row = new Row(kind, hop, text, Math.max(0, at - this.#start));
    // the stream is a little later than the page
    const later = this.#rows.findIndex((each) => each.at <= row.at);
    const before = later < 0 ? this.#rows.length : later;
    const next = this.#rows[before - 1]?.element ?? null;
    this.#rows.splice(before, 0, row);
    $("rows").insertBefore(row.element, next);
    if (this.#rows.length > MOST_ROWS) this.#rows.pop().element.remove();
    const list = $("rows");
    if (list.scrollHeight - list.scrollTop - list.clientHeight < 160) list.scrollTop = list.scrollHeight;
    return row;
  }

  #now() {
    if (!this.#clock) return 0;
    return this.#clock.now + ((performance.now() - this.#clock.at) / 1_000) * this.#clock.rate;
  }

  #refresh() {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = null;
      this.refresh().catch(() => {});
    }, 200);
  }

  /** Read the world's clock and credits. */
  async refresh() {
    if (this.#world === null) return;
    const [clock, credits] = await Promise.all([
      admin(this.#world, "GET", "/clock"),
      admin(this.#world, "GET", "/credits"),
    ]);
    this.#clock = { now: clock.now, rate: clock.rate, at: performance.now() };
    if (this.#start === 0) this.#start = clock.now;
    $("fact-credits").textContent =
      credits.left === null ? "no limit" : credits.left.toLocaleString("en");
    this.#tick();
  }

  #tick() {
    if (!this.#clock) return;
    const now = this.#now();
    const time = new Date(now * 1_000).toISOString().slice(11, 19);
    const { rate } = this.#clock;
    $("fact-clock").textContent = rate === 1 ? time : `${time} ${rate === 0 ? "frozen" : `× ${rate}`}`;
    for (const session of this.#sessions.values()) this.#track(session, now);
  }

  #track(session, now) {
    const spans = session.spans.filter((span, at, all) => at === 0 || span.state !== all[at - 1].state);
    const last = spans.at(-1);
    if (session.drawn === spans.length && OVER.has(last.state)) return;
    session.drawn = spans.length;
    const end = OVER.has(last.state) ? last.from : now;
    const parts = spans.map((span, at) => {
      const length = (spans[at + 1]?.from ?? end) - span.from;
      const over = OVER.has(span.state);
      const part = h(
        "span",
        { class: `bar ${span.state}`, title: `${span.state}, ${seconds(Math.max(0, length))}` },
      );
      part.style.flexGrow = over ? "0" : String(Math.max(0.08, Math.sqrt(length)));
      if (over) part.classList.add("end");
      return part;
    });
    const words = `${last.state.toUpperCase()}${OVER.has(last.state) ? ` after ${seconds(end - spans[0].from)}` : ""}`;
    const track = h(
      "div",
      { class: "track", "data-id": session.id, role: "img", "aria-label": `Session ${session.id}: ${words}` },
      h("p", { class: "row wide small" }, h("span", { class: "mono soft" }, session.id.slice(0, 8)), h("span", { class: "number" }, h("span", { class: `dot ${last.state}` }), ` ${words}`)),
      h("div", { class: "bars" }, parts),
    );
    if (session.element) session.element.replaceWith(track);
    else $("tracks").prepend(track);
    session.element = track;
  }
}

class Row {
  #count = 1;
  #status = h("span", { class: "row-status" });
  #notes = h("span", { class: "row-notes" });
  #times = h("span", { class: "row-times number" });
  #details = null;
  key = null;

  constructor(kind, hop, text, at) {
    this.at = at;
    this.line = h(
      "div",
      { class: "row-line" },
      h("span", { class: "row-at number" }, at < 100 ? at.toFixed(2) : String(Math.round(at))),
      h("span", { class: `row-hop ${kind}` }, hop),
      h("span", { class: "row-text" }, h("span", { class: "mono" }, text), this.#times, this.#notes),
      this.#status,
    );
    this.element = h("li", { class: `of-${kind}` }, this.line);
  }

  status(text, bad) {
    this.#status.replaceChildren(h("span", { class: `badge ${bad ? "bad" : "good"}` }, String(text)));
  }

  state(state) {
    this.#status.replaceChildren(h("span", { class: `dot ${state}` }));
  }

  note(text) {
    this.#notes.append(h("span", { class: "soft" }, ` ${text}`));
  }

  badge(text) {
    this.#notes.append(" ", h("span", { class: "badge warn" }, text));
  }

  again() {
    this.#count += 1;
    this.#times.textContent = ` × ${this.#count}`;
  }

  detail(title, value) {
    if (value === null || value === undefined || value === "") return;
    if (!this.#details) {
      this.#details = h("div", { class: "row-detail" });
      const more = h("details", {}, h("summary", {}, this.line), this.#details);
      this.element.replaceChildren(more);
    }
    this.#details.append(h("p", { class: "soft small" }, title), h("pre", {}, pretty(value)));
  }
}

const pathOf = (url) => new URL(url).pathname;
const shortened = (path) => path.replace(/([0-9a-f]{8})-[0-9a-f-]{27}/g, "$1…");

function reported(given) {
  const who = given.participant?.startsWith("backend:") ? "a backend" : "the user";
  switch (given.event) {
    case "joined":
      return `${who} joined`;
    case "back":
      return `${who} is back`;
    case "away":
      return `${who} lost the connection`;
    case "left":
      return given.how === "end_call" ? `${who} hung up` : `${who} left`;
    case "said":
      return `${given.role === "user" ? "user" : "avatar"}: “${given.text}”`;
    case "client_event":
      return `client event ${given.tool}`;
    case "tool_called":
      return `tool ${given.tool} called`;
    case "tool_answered":
      return given.error ? `tool failed: ${given.error}` : "tool answered";
    case "closed":
      return `the room closed: ${given.reason}`;
    case "published":
      return `${who} sends ${given.source.replaceAll("_", " ")}`;
    case "unheard":
      return `the avatar has heard no user for ${given.seconds} s`;
    case "spoke":
      return `the user spoke for ${given.seconds} s`;
    default:
      return given.event;
  }
}

function acted({ act, given }) {
  switch (act) {
    case "putScenario":
      return `scenario: ${given.scenario?.name ?? given.name}`;
    case "direct":
      return "the avatar is told what to do";
    case "putCredits":
      return `credits: ${given.left}`;
    case "moveClock":
      return "the clock moved";
    default:
      return act;
  }
}
