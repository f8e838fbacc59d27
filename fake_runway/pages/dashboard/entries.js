// Entries of a journal: as a row of a list, and with all that is known of one.

import { h, instant, json, short, span } from "/__pages/dom.js";
import { subjectOf } from "./kinds.js";

/** Return the class of an entry's colours. */
export function tone(entry) {
  if (entry.kind === "exchange") {
    const { status, arrives } = entry.response;
    if (entry.faults.length || !arrives) return "warn";
    return status === null || status >= 400 ? "bad" : "good";
  }
  if (entry.kind === "move") return entry.after === "failed" ? "bad" : "blue";
  return "act";
}

/** Return what an entry says, as one line. */
export function sentence(entry) {
  if (entry.kind === "exchange") return `${entry.method} ${entry.path}`;
  if (entry.kind === "move") {
    const charge = entry.charge ? `, ${entry.charge} credits` : "";
    const failure = entry.failure ? ` (${entry.failure.code})` : "";
    return `${entry.before ? `${entry.before} → ` : ""}${entry.after}: ${entry.event}${failure}${charge}`;
  }
  if (entry.act === "reportCall") return roomSentence(entry.given);
  return actSentence(entry.act, entry.given);
}

function actSentence(act, given) {
  const sentences = {
    setClockRate: () => (given.rate === 0 ? "clock frozen" : `clock runs at ${given.rate}`),
    moveClock: () => `clock moved ${given.by ? `by ${given.by}` : `to ${given.to}`}`,
    putScenario: () => `scenario ${given.name ?? given.scenario?.name ?? "of its own"}`,
    addFault: () => `fault ${given.name} added: ${Object.keys(given.effect ?? {}).join(", ")}`,
    removeFault: () => `fault ${given.name} removed`,
    removeFaults: () => "all faults removed",
    putCredits: () => `credits set to ${given.left}`,
    occur: () => `made to happen: ${given.event}`,
    occurTask: () => `made to happen: ${given.event}`,
    occurToAsset: () => `made to happen: ${given.event}`,
    makeSession: () => `session made by hand: ${given.state ?? "provisioning"}`,
    makeTask: () => `task made by hand: ${given.state ?? "pending"}`,
    makeAsset: () => `${given.kind} made by hand: ${given.state ?? "processing"}`,
    bindAvatar: () => `avatar ${given.avatar} bound`,
    unbindAvatar: () => `avatar ${given.avatar} bound no more`,
    applySeed: () => `seed put in: ${Object.keys(given).join(", ")}`,
    direct: () => `the avatar was told ${JSON.stringify(given)}`,
  };
  return sentences[act]?.() ?? `${act} ${JSON.stringify(given)}`;
}

function roomSentence(given) {
  const { event, participant: who = "" } = given;
  const sentences = {
    said: () => `${given.role === "assistant" ? "the avatar" : "the user"} said “${given.text}”`,
    joined: () => `${who} joined${given.hidden ? ", hidden" : ""}`,
    left: () => `${who} left (${given.how})`,
    away: () => `${who} lost its connection`,
    back: () => `${who} is connected again`,
    published: () => `${who} publishes ${given.source}`,
    unpublished: () => `${who} ended ${given.source}`,
    client_event: () => `client event ${given.tool} ${JSON.stringify(given.args)}`,
    tool_called: () => `tool ${given.tool} called ${JSON.stringify(given.args)}`,
    tool_answered: () => `tool answered after ${given.seconds}s${given.error ? `: ${given.error}` : ""}`,
    spoke: () => `${who} spoke for ${given.seconds}s`,
    entered: () => `the avatar is in the room that the create named: ${given.room}`,
    data: () => `${who} sent ${given.bytes} bytes of data`,
  };
  return sentences[event]?.() ?? `${event} ${JSON.stringify(given)}`;
}

/** Return what stands in a row: on a narrow page the operation, since paths end with what tells most. */
function rowText(entry) {
  const long = sentence(entry).replace(ID, (id) => `${id.slice(0, 8)}…`);
  if (!entry.operation) return long;
  return [h("span", { class: "long" }, long), h("span", { class: "brief" }, entry.operation)];
}

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;
const SIGNS = { exchange: "⇄", move: "●", act: "!", room: "~" };
const KINDS = { exchange: "call", move: "change", act: "act of an admin", room: "in the room" };

const kindOf = (entry) => (entry.act === "reportCall" ? "room" : entry.kind);

/** Return the cells of an entry in a list. */
export function entryRow(entry, { start, withSession = true }) {
  const kind = kindOf(entry);
  return [
    h("span", { class: "cell number when" }, `+${span(entry.at - start)}`),
    h("span", { class: `sign ${tone(entry)} ${kind}`, title: KINDS[kind] }, SIGNS[kind]),
    h("span", { class: "cell what" }, rowText(entry)),
    entry.kind === "exchange" && h("span", { class: "cell notes" },
      entry.faults.map((fault) => h("span", { class: "badge warn" }, fault)),
      !entry.response.arrives && h("span", { class: "badge warn" }, "lost"),
      entry.request.retry ? h("span", { class: "badge" }, `retry ${entry.request.retry}`) : null,
      entry.operation === null && h("span", { class: "badge bad" }, "no such route"),
      h("span", { class: `badge ${tone(entry)}` }, entry.response.status ?? "no answer")),
    withSession && subjectOf(entry) && h("span", { class: "cell mono soft session" }, short(subjectOf(entry).id)),
  ];
}

const fact = (name, value) =>
  value === null || value === undefined || value === "" || value === false
    ? null
    : h("div", {}, h("dt", {}, name), h("dd", {}, value));

/** Return everything about an entry. */
export function entryDetail(entry, { start, world }) {
  const when = `+${span(entry.at - start)}, ${instant(entry.at)} UTC`;
  const subject = subjectOf(entry);
  const about = subject && fact(subject.kind.one,
    h("a", { href: `#/${encodeURIComponent(world)}/${subject.kind.id}/${subject.id}` }, subject.id));
  if (entry.kind !== "exchange") {
    return [
      h("h2", { class: "what" }, sentence(entry)),
      h("dl", { class: "facts" }, fact("entry", entry.number), fact("at", when), about,
        entry.failure && fact("failure", `${entry.failure.code}: ${entry.failure.text}`)),
      entry.kind === "act" && json(entry.given),
    ];
  }
  const { request, response } = entry;
  return [
    h("h2", { class: "what" }, sentence(entry)),
    h("dl", { class: "facts" },
      fact("entry", entry.number), fact("at", when), fact("operation", entry.operation ?? "none"),
      about, fact("faults", entry.faults.join(", ")),
      fact("processed", entry.acted ? "yes" : "no")),
    entry.nearest && h("p", { class: "note warn" }, `No operation has this path. The nearest is ${entry.nearest}.`),
    h("div", { class: "sides" },
      h("section", { "aria-label": "Request" },
        h("h3", {}, "Request"),
        h("dl", { class: "facts" },
          fact("agent", request.agent), fact("retry", request.retry || null),
          fact("version header", request.versioned ? "right"
            : entry.operation === "consumeSession" ? null : "missing or wrong"),
          fact("content type", request.content_type), fact("cookies", request.cookies && "sent"),
          fact("secret in URL", request.secret_in_url && "yes"),
          fact("key", request.key_fits === null ? null : request.key_fits ? "fits" : "does not fit"),
          Object.keys(request.query).length ? fact("query", JSON.stringify(request.query)) : null),
        request.body ? json(request.body) : h("p", { class: "soft" }, "No body.")),
      h("section", { "aria-label": "Answer" },
        h("h3", {}, "Answer ", h("span", { class: `badge ${tone(entry)}` }, response.status ?? "none")),
        h("dl", { class: "facts" },
          fact("rule", response.code),
          fact("held back", response.wait_s === null ? "for ever" : response.wait_s ? span(response.wait_s) : null),
          fact("arrives", response.arrives ? null : "no: the client gets none or a part of it")),
        response.body === null ? h("p", { class: "soft" }, "No body.") : json(response.body))),
  ];
}
