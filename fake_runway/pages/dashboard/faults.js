// The faults of a world, and a form that builds one, shown as YAML, as a curl and as Python.

import { get } from "./api.js";
import { curl, pythonOf } from "./commands.js";
import { button, choice, copy, field, fill, h } from "/__pages/dom.js";
import { KINDS } from "./kinds.js";
import { action } from "./strip.js";
import { yaml } from "./yaml.js";

/** The effects: name, sentence, what the value is, and a value to begin with. */
export const EFFECTS = [
  ["status", "Answer this status with a body in the provider's form.", "number", "429"],
  ["headers", "Set these headers.", "json", '{"Retry-After": "2"}'],
  ["delay", "Hold the answer back this long, in the world's time.", "text", "5s"],
  ["hang", "Never answer.", "true"],
  ["reset", "Reset the connection.", "true"],
  ["empty", "Close the connection without an answer.", "true"],
  ["lost", "Act on the request, and lose the answer.", "true"],
  ["malformed", "Send JSON whose last byte is missing.", "true"],
  ["truncate", "Close after so many bytes of the body.", "number", "20"],
  ["dribble", "Send the body in pieces.", "json", '{"bytes": 1, "every": "50ms"}'],
  ["page", "Send this text as the body, HTML.", "text", "<h1>502 Bad Gateway</h1>"],
  ["content_type", "Declare the body to be of this type.", "text", "text/plain"],
  ["set", "Put these fields into the body.", "json", '{"status": "PAUSED"}'],
  ["omit", "Leave these fields out of the body.", "json", '["sessionKey"]'],
  ["shift", "Move these instants of the body by a span.", "json", '{"expiresAt": "-10m"}'],
  ["event", "Let this happen to the session just before the call.", "text", "failed"],
];
export const OPERATIONS = [
  "createSession", "getSession", "deleteSession", "consumeSession", "connectBackend",
  "createImageToVideo", "createTextToVideo", "createVideoToVideo", "createTextToImage",
  "createImageUpscale", "createVideoUpscale", "createVideoToHdr", "createVideoToAudio",
  "createCharacterPerformance", "createSoundEffect", "createSpeechToSpeech", "createTextToSpeech",
  "createVoiceDubbing", "createVoiceIsolation", "createAvatarVideo", "createAdLocalization",
  "createMarketingStockImage", "createMultiShotVideo", "createProductAd", "createProductCampaignImage",
  "createProductSwap", "createProductUgc", "getTask", "deleteTask", "generateVideo", "generateImage",
  "generateAudio", "runWorkflow", "getWorkflowInvocation", "listRouters", "createRouter", "getRouter",
  "updateRouter", "deleteRouter", "listRouterRequests", "listWorkflows", "getWorkflow", "getOrganization",
  "queryUsage", "listWebappUsage", "listAuditLogs", "getAuditLog", "listAvatars", "createAvatar",
  "getAvatar", "updateAvatar", "deleteAvatar", "listVoices", "createVoice", "getVoice", "updateVoice",
  "deleteVoice", "previewVoice", "listDocuments", "createDocument", "getDocument", "updateDocument",
  "deleteDocument", "listConversations", "getConversation", "deleteConversation", "getAvatarUsage",
  "createUpload", "storeUpload",
];

export const MOMENTS = [
  "create", "created", "ready", "consume", "consumed", "running", "task-create", "task-created",
  "throttled", "pending", "task-running", "succeeded", "avatar-create", "avatar-created",
  "avatar-processing", "avatar-ready", "voice-create", "voice-created", "voice-processing",
  "voice-ready", "document-create", "document-created", "document-processing", "document-ready",
];
const STATES = [...new Set(KINDS.flatMap((kind) => kind.states))];

/** All of a fault but its effect and the ordinal of a resource: key, label, hint, control, options.
 *
 * Controls: `number`, `text`, `one` and `many` of options, `numbers` and `texts` with commas between
 * them, `yes`: true, false or neither.
 */
export const MATCH = [
  ["operation", "Operation", "", "many", OPERATIONS],
  ["moment", "Moment", "in the life of a resource", "one", MOMENTS],
  ["state", "State", "of the resource, when the call comes", "many", STATES],
  ["nth", "Nth call", "of those that match, from 1; such as 1, 3", "numbers"],
  ["status", "Status", "that would be answered; such as 429, 503", "numbers"],
  ["method", "Method", "", "many", ["GET", "POST", "PATCH", "DELETE"]],
  ["path", "Path", "such as /v1/tasks/{id}", "texts"],
];
export const SCHEDULE = [
  ["times", "Times", "empty: always", "number", { min: "1" }],
  ["skip", "Skip", "calls before the first", "number", { min: "0" }],
  ["every", "Every", "3: the 3rd, the 6th, …", "number", { min: "1" }],
  ["probability", "Probability", "0 to 1", "number", { min: "0", max: "1", step: "any" }],
  ["from", "From", "such as 10s", "text"],
  ["until", "Until", "such as 1m", "text"],
  ["acted", "The server acts", "on the request first", "yes"],
  ["name", "Name", "in the journal", "text"],
];
/** The kinds whose ordinal a match can have, at most one of them. */
export const COUNTED = KINDS.map((kind) => kind.one);

export function faultsView(context) {
  const { world, commands } = context;
  const placed = h("div", { class: "stack" });
  const values = { effects: [["status", "429"]], match: { operation: ["createSession"] }, whole: { times: "2" },
    counted: COUNTED[0], ordinals: "" };
  const effects = h("div", { class: "stack" });
  const shownYaml = h("pre", { class: "yaml", "aria-label": "YAML" });
  const shownCurl = h("pre", { "aria-label": "curl" });
  const shownPython = h("pre", { "aria-label": "Python" });
  const problem = h("p", { class: "note bad", role: "alert", hidden: true });

  function built() {
    const match = read(MATCH, values.match);
    const ordinals = VALUES.numbers(values.ordinals, "the ordinal");
    if (ordinals !== undefined) match[values.counted] = ordinals;
    const effect = {};
    for (const [name, text] of values.effects) effect[name] = effectValue(name, text);
    return { effect, ...(Object.keys(match).length ? { match } : {}), ...read(SCHEDULE, values.whole) };
  }

  function draw() {
    problem.hidden = true;
    try {
      const command = commands.fault(built());
      fill(shownYaml, yaml([command.body]).trim());
      fill(shownCurl, curl(command));
      fill(shownPython, pythonOf(command));
    } catch (error) {
      problem.hidden = false;
      fill(problem, error.message);
    }
  }

  function drawEffects() {
    fill(effects, values.effects.map(([name, text], index) => {
      const [, about, kind] = EFFECTS.find(([one]) => one === name);
      const select = choice(EFFECTS.map(([one]) => one), name, (value) => {
        const [, , , initial = ""] = EFFECTS.find(([one]) => one === value);
        values.effects[index] = [value, initial];
        drawEffects();
      });
      const input = h("input", { value: text, class: "mono", on: { input: () => { values.effects[index][1] = input.value; draw(); } } });
      return h("div", { class: "fields effect" }, field("Effect", select, about),
        kind === "true" ? null : field("Value", input),
        values.effects.length > 1 && button("Remove", () => { values.effects.splice(index, 1); drawEffects(); }, { class: "plain" }));
    }));
    draw();
  }

  const controls = (rows, kept) => rows.map((row) => control(row, kept, draw));
  const ordinals = h("input", { id: "ordinals", on: { input: () => { values.ordinals = ordinals.value; draw(); } } });
  const counted = choice(COUNTED, values.counted, (value) => { values.counted = value; draw(); }, { "aria-label": "Kind of the resource" });
  const form = h("section", { class: "card stack", "aria-labelledby": "build" },
    h("h2", { id: "build" }, "Build a fault"),
    h("fieldset", { class: "stack" }, h("legend", {}, "What happens"), effects,
      button("Another effect", () => { values.effects.push(["delay", "5s"]); drawEffects(); }, { class: "plain start" })),
    h("fieldset", { class: "stack" }, h("legend", {}, "To which calls"), h("div", { class: "fields" },
      controls(MATCH, values.match),
      h("div", { class: "field" }, h("label", { for: "ordinals" }, "Ordinal"), h("span", { class: "joined" }, counted, ordinals),
        h("span", { class: "soft hint" }, "of the resource, from 0")))),
    h("fieldset", { class: "stack" }, h("legend", {}, "How often, and when"), h("div", { class: "fields" },
      controls(SCHEDULE, values.whole))));
  const preview = h("section", { class: "card stack", "aria-labelledby": "preview" },
    h("div", { class: "row wide" }, h("h2", { id: "preview" }, "What you have built"),
      action("Add the fault", () => commands.fault(built()), { class: "main", said: "The fault is in place.", then: load })),
    problem,
    h("div", { class: "snippets" }, [["YAML", shownYaml], ["curl", shownCurl], ["Python", shownPython]].map(([label, pre]) =>
      h("div", {}, h("div", { class: "row wide" }, h("h3", {}, label),
        button("Copy", (event) => copy(pre.textContent, event.currentTarget), { class: "plain", "aria-label": `Copy ${label}` })), pre))));

  async function load() {
    let faults;
    try {
      ({ faults } = await get(world, "/faults"));
    } catch (error) {
      return fill(placed, h("p", { class: "note bad" }, error.message));
    }
    const byHand = faults.some((fault) => fault.by_hand);
    fill(placed,
      h("div", { class: "row wide" }, h("h2", {}, "In place"),
        byHand && action("Remove all", () => commands.removeFaults(), { class: "risky", then: load })),
      faults.length === 0 && h("p", { class: "soft" }, "None that applies to all calls. Sessions may have faults of their scenario."),
      faults.map((fault) => h("article", { class: "card placed" },
        h("div", { class: "row wide" }, h("h3", {}, h("code", {}, fault.name)),
          h("span", { class: "row" },
            h("span", { class: `badge ${fault.struck ? "warn" : ""}` }, `struck ${fault.struck} of ${fault.seen}`),
            fault.by_hand ? action("Remove", () => commands.removeFault(fault.name), { class: "plain", then: load, "aria-label": `Remove ${fault.name}` })
              : h("span", { class: "badge" }, "of the scenario"))),
        h("pre", { class: "yaml" }, yaml(fault.fault).trimStart()))));
  }

  drawEffects();
  load();
  let entries = 0;
  return {
    element: h("div", { class: "columns fill scroll" }, form, h("div", { class: "stack" }, preview, placed)),
    update() {
      const count = context.store.next;
      if (count === entries) return;
      entries = count;
      clearTimeout(this.timer);
      this.timer = setTimeout(load, 400);
    },
    close() { clearTimeout(this.timer); },
    reload: load,
  };
}

/** What is typed, as a value of a fault; undefined: nothing is. */
const VALUES = {
  number: (text) => (text === "" ? undefined : Number(text)),
  text: (text) => text || undefined,
  one: (text) => text || undefined,
  yes: (text) => ({ yes: true, no: false })[text],
  many: (chosen) => oneOrMore(chosen),
  texts: (text) => oneOrMore(split(text)),
  numbers: (text, label) => oneOrMore(split(text).map((each) => {
    if (!/^\d+$/.test(each)) throw new Error(`Expected whole numbers as ${label}, got ${each}.`);
    return Number(each);
  })),
};

const split = (text) => text.split(",").map((each) => each.trim()).filter(Boolean);

function oneOrMore(values) {
  const different = [...new Set(values)];
  return different.length > 1 ? different : different[0];
}

/** Return what rows of the form say, under their keys. */
function read(rows, kept) {
  const found = {};
  for (const [key, label, , kind] of rows) {
    const value = key in kept ? VALUES[kind](kept[key], label) : undefined;
    if (value !== undefined) found[key] = value;
  }
  return found;
}

/** Return a row of the form as a control that keeps what is typed. */
function control([key, label, hint, kind, more], kept, changed) {
  const keep = (value) => { kept[key] = value; changed(); };
  if (kind === "many") return several(label, hint, more, kept[key] ?? [], keep);
  if (kind === "one") return field(label, choice([["", "any"], ...more], "", keep), hint);
  if (kind === "yes") return field(label, choice([["", "as the effect needs it"], "yes", "no"], "", keep), hint);
  const input = h("input", { value: kept[key] ?? "", ...(kind === "number" ? { type: "number", ...more } : {}),
    on: { input: () => keep(input.value) } });
  return field(label, input, hint);
}

/** Return a control for one or more of the options: a list to choose from, and those chosen before. */
function several(label, hint, options, begun, keep) {
  const before = [];
  const select = choice([["", "any"], ...options], begun[0] ?? "", () => tell());
  const chips = h("div", { class: "row chips" });
  const another = button(`or another ${label.toLowerCase()}`, () => {
    if (select.value && !before.includes(select.value)) before.push(select.value);
    select.value = "";
    tell();
    select.focus();
  }, { class: "plain small" });

  function draw() {
    another.hidden = !select.value;
    chips.hidden = another.hidden && before.length === 0;
    fill(chips, before.map((one) => button(`${one} ×`, () => {
      before.splice(before.indexOf(one), 1);
      tell();
      select.focus();
    }, { class: "plain small", "aria-label": `Remove ${one}` })), another);
  }
  function tell() {
    draw();
    keep(select.value ? [...before, select.value] : [...before]);
  }

  draw();
  const whole = field(label, select, hint);
  whole.append(chips);
  return whole;
}

function effectValue(name, text) {
  const [, , kind] = EFFECTS.find(([one]) => one === name);
  if (kind === "true") return true;
  if (kind === "number") {
    if (!/^\d+$/.test(text)) throw new Error(`Expected a whole number as the value of ${name}, got ${text || "nothing"}.`);
    return Number(text);
  }
  if (kind === "json") {
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`Expected JSON as the value of ${name}, got ${text || "nothing"}.`);
    }
  }
  return text;
}
