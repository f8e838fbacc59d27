// What the client seems to do wrong, with the calls that prove it.

import { fill, h, short } from "/__pages/dom.js";
import { sentence, tone } from "./entries.js";
import { subjectOf } from "./kinds.js";

const ORDER = { error: 0, warning: 1, info: 2 };
const TONES = { error: "bad", warning: "warn" };
const MOST_PROOFS = 6;

/** Return a finding, with links to what proves it. */
export function findingCard(finding, { store, world }) {
  const base = `#/${encodeURIComponent(world)}`;
  const kind = TONES[finding.severity] ?? "blue";
  const about = subjectOf(finding);
  const proofs = finding.numbers.slice(0, MOST_PROOFS).map((number) => {
    const entry = store.entry(number);
    return h("li", {}, h("a", { href: `${base}/journal/${number}` }, `#${number}`), " ",
      entry ? h("code", {}, sentence(entry)) : h("span", { class: "soft" }, "no longer kept"),
      entry?.kind === "exchange" && h("span", { class: `badge ${tone(entry)}` }, entry.response.status ?? "no answer"));
  });
  const more = finding.numbers.length - proofs.length;
  return h("article", { class: `finding ${kind}` },
    h("div", { class: "row wide" },
      h("h2", {}, h("code", {}, finding.id)),
      h("span", { class: `badge ${kind}` }, finding.severity)),
    h("p", {}, finding.message),
    h("ul", { class: "proofs" }, proofs, more > 0 && h("li", { class: "soft" }, `and ${more} more`)),
    about && h("a", { class: "small", href: `${base}/${about.kind.id}/${about.id}` }, `The whole ${about.kind.one}`));
}

export function findingsView(context) {
  const { store } = context;
  const list = h("div", { class: "cards" });
  const none = h("div", { class: "empty" },
    h("h2", {}, "Nothing found"),
    h("p", { class: "soft" }, "Findings are what a client seems to do wrong: polls that are too fast, sessions that"
      + " are never cancelled, keys that are used twice. They come with the calls that prove them."));
  let version = -1;
  return {
    element: h("div", { class: "fill scroll" }, list, none),
    update() {
      if (version === store.version) return;
      version = store.version;
      const findings = [...store.findings.values()].sort(
        (one, other) => (ORDER[one.severity] ?? 9) - (ORDER[other.severity] ?? 9) || one.at - other.at);
      none.hidden = findings.length > 0;
      const key = JSON.stringify(findings);
      if (list.dataset.key === String(key.length) && list.seen === key) return;
      list.seen = key;
      fill(list, findings.map((finding) => findingCard(finding, context)));
    },
  };
}
