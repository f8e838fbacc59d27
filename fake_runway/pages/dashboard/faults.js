// The faults of a world, and a form that builds one, shown as YAML, as a curl and as Python.

import { get } from "./api.js";
import { curl, pythonOf } from "./commands.js";
import { button, choice, copy, field, fill, h } from "/__pages/dom.js";
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

export function faultsView(context) {
  const { world, commands } = context;
  const placed = h("div", { class: "stack" });
  const values = { effects: [["status", "429"]], operation: "createSession", times: "2", nth: "", session: "",
    state: "", probability: "", skip: "", from: "", until: "", name: "" };
  const effects = h("div", { class: "stack" });
  const shownYaml = h("pre", { class: "yaml", "aria-label": "YAML" });
  const shownCurl = h("pre", { "aria-label": "curl" });
  const shownPython = h("pre", { "aria-label": "Python" });
  const problem = h("p", { class: "note bad", role: "alert", hidden: true });

  function built() {
    const match = {};
    if (values.operation) match.operation = values.operation;
    if (values.nth) match.nth = Number(values.nth);
    if (values.session) match.session = Number(values.session);
    if (values.state) match.state = values.state;
    const effect = {};
    for (const [name, text] of values.effects) effect[name] = effectValue(name, text);
    const fault = { effect };
    if (Object.keys(match).length) fault.match = match;
    if (values.name) fault.name = values.name;
    for (const key of ["times", "skip", "probability"]) if (values[key]) fault[key] = Number(values[key]);
    for (const key of ["from", "until"]) if (values[key]) fault[key] = values[key];
    return fault;
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

  const text = (key, label, hint, properties = {}) => {
    const input = h("input", { value: values[key], ...properties, on: { input: () => { values[key] = input.value; draw(); } } });
    return field(label, input, hint);
  };
  const pick = (key, label, options) =>
    field(label, choice(options, values[key], (value) => { values[key] = value; draw(); }));
  const number = { type: "number", min: "0" };
  const form = h("section", { class: "card stack", "aria-labelledby": "build" },
    h("h2", { id: "build" }, "Build a fault"),
    h("fieldset", { class: "stack" }, h("legend", {}, "What happens"), effects,
      button("Another effect", () => { values.effects.push(["delay", "5s"]); drawEffects(); }, { class: "plain start" })),
    h("fieldset", { class: "stack" }, h("legend", {}, "To which calls"), h("div", { class: "fields" },
      pick("operation", "Operation", [["", "any"], ...OPERATIONS]),
      text("nth", "Nth call", "of those that match, from 1", number),
      text("session", "Session", "its ordinal, from 0", number),
      pick("state", "State of the session", [["", "any"], "queued", "provisioning", "ready", "claimed", "running", "completed", "failed", "cancelled"]))),
    h("fieldset", { class: "stack" }, h("legend", {}, "How often, and when"), h("div", { class: "fields" },
      text("times", "Times", "empty: always", number),
      text("skip", "Skip", "calls before the first", number),
      text("probability", "Probability", "0 to 1", { ...number, max: "1", step: "any" }),
      text("from", "From", "such as 10s"), text("until", "Until", "such as 1m"), text("name", "Name", "in the journal"))));
  const preview = h("section", { class: "card stack", "aria-labelledby": "preview" },
    h("div", { class: "row wide" }, h("h2", { id: "preview" }, "What you have built"), action("Add the fault", (looking) => {
      try {
        return commands.fault(built());
      } catch (error) {
        if (!looking) { problem.hidden = false; fill(problem, error.message); }
        return null;
      }
    }, { class: "main", said: "The fault is in place.", then: load })),
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
