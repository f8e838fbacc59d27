// The demo page: does what an application does, and shows what happens behind it.

import "/__pages/call-view.js";
import { admin, keepToken } from "./admin.js";
import { $, h, pretty, seconds } from "/__pages/dom.js";
import { connect, consume, Failed, SHAPES, stepsOf, whepOf, withoutSecrets } from "./flow.js";
import { Live } from "./live.js";
import { Modes, NOTHING } from "./modes.js";
import { LANGUAGES, snippet } from "./snippets.js";

const GREETING =
  "Hello! I am a fake avatar. I cost nothing, I need no network, and I fail whenever you like.";
const KEPT = "fake-runway demo"; // choices, in this browser alone
const LEFT_OVER = "fake-runway demo scenario"; // of a world whose page was closed in a call

const view = $("view");
const live = new Live();
let setup = null;
let modes = null;
let run = null; // the call that goes on
let language = LANGUAGES[0].id;
let status = 200; // what the endpoint answered last
let microphone = null; // its track, once the user has allowed it in this call

// Choices

const kept = () => JSON.parse(localStorage.getItem(KEPT) ?? "{}");
const keep = (more) => localStorage.setItem(KEPT, JSON.stringify({ ...kept(), ...more }));
const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`).value;
const nameOf = (preset) =>
  preset.replaceAll("-", " ").replace(/^./, (first) => first.toUpperCase());

/** Return the avatar that the call asks for: a failure mode may have one of its own. */
const avatarId = () => modes.value.avatar ?? chosen("avatar");
const onWorld = () => modes.value.name !== NOTHING && !modes.value.avatar;
const endpoint = () => setup.endpoint || $("endpoint").value.trim();

/** Ask for the admin token, and for nothing else. */
function lock() {
  $("token-form").hidden = false;
  document.body.toggleAttribute("data-locked", true);
  $("token").focus();
}

/** Ask for this page again where its policy does not allow the endpoint; return whether it does. */
function allow() {
  const { origin } = new URL(endpoint() || location.href, location.href);
  const allowed = new URLSearchParams(location.search).get("endpoint");
  if (setup.endpoint || [location.origin, allowed].includes(origin)) return true;
  location.replace(`/?endpoint=${encodeURIComponent(origin)}`);
  return false;
}

async function begin() {
  const answer = await fetch("/__pages/setup.json");
  setup = await answer.json();
  const before = kept();
  $("base").textContent = location.origin;
  $("endpoint-field").hidden = Boolean(setup.endpoint);
  $("endpoint").value = before.endpoint ?? "";
  $("endpoint").addEventListener("change", () => {
    keep({ endpoint: $("endpoint").value.trim() });
    drawCode();
    allow();
  });
  drawFaces(setup.presets.includes(before.preset) ? before.preset : "cat-character");
  drawShapes(before.shape in SHAPES ? before.shape : "credentials");
  drawLanguages();
  $("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    keepToken($("token").value);
    location.reload();
  });
  const { scenarios } = await admin("", "GET", "/scenarios"); // fails first where a token is needed
  if (setup.world) live.watch(setup.world);
  modes = new Modes(setup.families, scenarios);
  modes.addEventListener("change", drawMode);
  drawMode();
  drawSteps(stepsOf(chosen("shape")));
  $("call").disabled = false;
  await putBackLeftOver();
  if (!setup.world) await offerWorlds();
}

function drawFaces(preset) {
  $("faces").append(
    ...setup.presets.map((id, at) =>
      h(
        "label",
        { class: "face", title: nameOf(id) },
        h("input", { type: "radio", name: "avatar", value: id, checked: id === preset, on: { change: choseFace } }),
        h("span", { class: `face-picture face-${at}` }),
        h("span", { class: "unseen" }, nameOf(id)),
      ),
    ),
    // of failure modes that have an avatar of their own; it is not for choosing
    h("span", { class: "face own", id: "own-face", title: "A custom avatar" }, h("span", { class: "face-picture face-9" })),
  );
}

function choseFace() {
  keep({ preset: chosen("avatar") });
  drawMode();
}

function drawShapes(shape) {
  $("shapes").append(
    ...Object.entries(SHAPES).map(([id, { title }]) =>
      h(
        "label",
        { class: "shape" },
        h("input", { type: "radio", name: "shape", value: id, checked: id === shape, on: { change: choseShape } }),
        h("span", {}, title),
      ),
    ),
  );
  $("shape-about").textContent = SHAPES[shape].about;
}

function choseShape() {
  const shape = chosen("shape");
  keep({ shape });
  $("shape-about").textContent = SHAPES[shape].about;
  if (!run) drawSteps(stepsOf(shape));
  drawCode();
}

function drawMode() {
  const { name, about, wire, state, avatar } = modes.value;
  const nothing = name === NOTHING;
  $("face-name").textContent = avatar
    ? "The failure mode has an avatar of its own, so your server needs no change."
    : nameOf(chosen("avatar"));
  $("faces").toggleAttribute("data-own", Boolean(avatar));
  const face = avatar ? 9 : setup.presets.indexOf(chosen("avatar"));
  $("poster-face").className = `face-picture face-${face}`;
  if (!run) $("poster-text").textContent = "Press Call";
  const parts = [h("strong", {}, about)];
  if (!nothing) {
    parts.push(h("br"), `On the wire: ${wire} `, h("br"), `What becomes of it: ${state}`);
    if (!avatar) {
      parts.push(
        h("br"),
        h("em", {}, "It is about the account: this page sets it on your server's world, and puts it back after the call."),
      );
    }
  }
  $("mode-note").replaceChildren(...parts);
  $("mode-note").className = nothing ? "note" : "note warn";
  $("mode-note").hidden = nothing;
  drawCode();
}

async function offerWorlds(during = false) {
  const { worlds } = await admin("", "GET", "/worlds");
  $("world-field").hidden = false;
  const names = worlds.sort((one, other) => other.used_at - one.used_at).map(({ name }) => name);
  $("world").replaceChildren(...names.map((name) => h("option", { value: name }, name)));
  if (!names.length) $("world").append(h("option", { value: "" }, "none yet: it appears with its first call"));
  $("world").onchange = () => live.watch($("world").value);
  if (names.length && !live.world) live.watch(names[0], during ? worlds[0].epoch : null);
}

// The call

$("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  if (run || !modes) return;
  if (!setup.endpoint && !$("endpoint").reportValidity()) return;
  if (!endpoint()) {
    $("endpoint").focus();
    return;
  }
  if (allow()) start();
});
$("hang-up").addEventListener("click", () => hangUp());

async function start() {
  const shape = chosen("shape");
  run = { abort: new AbortController(), shape, mode: modes.value, before: null };
  live.clear();
  $("problem").hidden = true;
  $("said").replaceChildren();
  $("said-card").hidden = true;
  busy(true);
  const steps = drawSteps(stepsOf(shape));
  let step = null;
  try {
    if (onWorld()) await setScenario(run);
    const { signal } = run.abort;
    step = steps.begin("connect");
    let answered = () => {};
    const noted = ({ request, response }) => {
      if (response) {
        status = response.status;
        step.detail("Answered", withoutSecrets(response.body));
        answered(response.status, withoutSecrets(response.body), response.status >= 400);
      } else {
        step.detail("Asked", { [request.method]: request.url, body: request.body });
        answered = live.page(request);
      }
    };
    const body = await connect({ endpoint: endpoint(), shape, avatarId: avatarId(), signal }, noted);
    step.done(`${status}`);
    if (!setup.world) await offerWorlds(true);
    run.sessionId = body.sessionId;
    let credentials = body;
    if (typeof body.token !== "string") {
      step = steps.begin("consume");
      live.consumes(body.sessionId);
      const told = ({ response }) => {
        if (response) step.detail("Answered", withoutSecrets(response.body));
      };
      credentials = await consume({ ...body, base: location.origin, signal }, told);
      step.done("200");
    } else {
      steps.drop("consume");
    }
    if (setup.no_room) {
      steps.begin("join").failed("not here");
      problem("Your application has its credentials; there is no room here to join.", setup.no_room);
      $("problem").className = "note warn";
      finish();
      return;
    }
    step = steps.begin("join");
    run.steps = steps;
    run.step = step;
    await view.join({ url: whepOf(credentials.serverUrl), token: credentials.token });
  } catch (error) {
    if (run?.abort.signal.aborted) return;
    step?.failed(error instanceof Failed && error.shown.status ? String(error.shown.status) : "failed");
    if (error instanceof Failed) {
      const { status: code, body, request } = error.shown;
      const line = code ? `${code} from ${request.url}` : `No answer from ${request.url}`;
      problem(`Your user gets: ${error.message}`, line, body ?? "");
    } else {
      problem("This page has failed.", error.message);
    }
    finish();
  }
  drawCode();
}

view.addEventListener("state", ({ detail: { state, text } }) => {
  if (!run?.steps) return;
  const { steps } = run;
  if (state === "waiting" || state === "ready") {
    steps.finish("join", "joined");
    steps.begin("avatar");
  }
  if (state === "ready") {
    steps.finish("avatar", "its picture moves");
    $("call").textContent = "In the call";
    $("hang-up").textContent = "Hang up";
    $("say").hidden = false;
    $("microphone").hidden = false;
    if (run.mode.name === NOTHING && !run.greeted) say(GREETING);
    run.greeted = true;
  }
  if (state === "connecting" && run.greeted) steps.begin("avatar", "joining again");
  if (state === "ended") {
    steps.finish("avatar", "");
    steps.begin("hang-up").done(text);
    $("poster-text").textContent = text;
    finish();
  }
  if (state === "error") {
    $("poster-text").textContent = "No call";
    steps.current?.failed("failed");
    problem("Your user gets: the call cannot be joined.", text);
    finish();
  }
});

async function hangUp() {
  if (!run) return;
  run.abort.abort();
  await view.leave();
  if (run) finish();
}

/** The call is over, however. */
function finish() {
  const over = run;
  run = null;
  busy(false);
  $("hang-up").hidden = true;
  $("say").hidden = true;
  $("microphone").hidden = true;
  deafen();
  if (over.before) putBack(over.before);
  live.refresh().catch(() => {});
}

function busy(on) {
  $("call").disabled = on;
  $("call").textContent = on ? "Calling …" : "Call";
  $("hang-up").hidden = !on;
  $("hang-up").textContent = "Cancel";
  $("poster").hidden = on;
  $("stage").toggleAttribute("data-busy", on);
}

function problem(title, text, body = "") {
  $("problem").className = "note bad";
  $("problem-title").textContent = title;
  $("problem-text").textContent = text;
  $("problem-body").textContent = pretty(body);
  $("problem-body").hidden = body === "";
  $("problem").hidden = false;
  $("poster-text").textContent = "No call";
}

// The failure mode of a world

async function setScenario(over) {
  const world = live.world;
  if (!world) throw new Error("The world of your server is unknown until its first call. Make one without a failure mode first.");
  const [{ data }, { left }] = await Promise.all([
    admin(world, "GET", "/scenario"),
    admin(world, "GET", "/credits"),
  ]);
  over.before = { world, data, left: null };
  sessionStorage.setItem(LEFT_OVER, JSON.stringify(over.before));
  await admin(world, "PUT", "/scenario", { name: over.mode.name });
  const after = await admin(world, "GET", "/credits");
  if (after.left !== left) over.before.left = left; // what calls cost meanwhile stays spent
  sessionStorage.setItem(LEFT_OVER, JSON.stringify(over.before));
}

async function putBack({ world, data, left }, options = {}) {
  const puts = [admin(world, "PUT", "/scenario", { scenario: data }, options)];
  if (left !== null) {
    // the credits of a scenario come with it, so they are put back after it
    if (!options.keepalive) await puts[0];
    puts.push(admin(world, "PUT", "/credits", { left }, options));
  }
  await Promise.all(puts);
  sessionStorage.removeItem(LEFT_OVER);
}

addEventListener("pagehide", () => {
  if (run?.before) putBack(run.before, { keepalive: true }).catch(() => {});
});

async function putBackLeftOver() {
  const before = sessionStorage.getItem(LEFT_OVER);
  if (before) await putBack(JSON.parse(before)).catch(() => sessionStorage.removeItem(LEFT_OVER));
}

// What the avatar says, and is told to say

$("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("words").value.trim();
  if (!text) return;
  $("words").value = "";
  say(text);
});

async function say(text) {
  if (!run?.sessionId || !live.world) return;
  const path = `/sessions/${encodeURIComponent(run.sessionId)}/script`;
  await admin(live.world, "POST", path, { say: text }).catch((error) => {
    told("note", `The avatar was not told: ${error.message}`);
  });
}

// What the user says

$("microphone").addEventListener("click", async () => {
  const on = $("microphone").getAttribute("aria-pressed") !== "true";
  const call = run;
  try {
    if (on && !microphone) await allowMicrophone(call);
  } catch (error) {
    const why = error.name === "NotAllowedError" ? "it is not allowed to this page" : error.message;
    told("note", `The avatar hears nothing of you: the browser gives no microphone, ${why}.`);
    return;
  }
  if (!microphone) return; // the call is over meanwhile
  microphone.enabled = on; // off: the avatar hears silence, which ends what was said
  hears(on);
});

async function allowMicrophone(call) {
  if (!navigator.mediaDevices) throw new Error("which takes https or localhost");
  const [track] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks();
  if (!call || run !== call) {
    track.stop();
    return;
  }
  microphone = track;
  await view.hear(track);
}

/** Give the microphone back. */
function deafen() {
  microphone?.stop();
  microphone = null;
  view.hear(null);
  hears(false);
}

function hears(on) {
  $("microphone").setAttribute("aria-pressed", String(on));
  $("microphone").textContent = on ? "It hears you: stop" : "Speak to it";
}

view.addEventListener("transcript", ({ detail: { role, turn, text } }) => {
  const id = `${role} ${turn}`;
  const line = [...$("said").children].find((each) => each.dataset.id === id);
  if (line) line.lastChild.textContent = text;
  else told(role === "user" ? "user" : "avatar", text, id);
});
view.addEventListener("clientevent", ({ detail: { tool, args } }) =>
  told("client event", `${tool} ${pretty(args)}`),
);
view.addEventListener("toolcall", ({ detail: { tool, args } }) =>
  told("tool call", `${tool} ${pretty(args)}`),
);
view.addEventListener("message", ({ detail }) => {
  const known = ["joined", "avatar", "transcription", "client_event", "tool_call", "speaking", "ended"];
  if (!known.includes(detail.type)) told("data", pretty(detail.type === "data" ? detail.text : detail));
});

function told(who, text, id = "") {
  $("said-card").hidden = false;
  $("said").append(
    h("li", { "data-id": id }, h("span", { class: "badge" }, who), h("span", {}, text)),
  );
  while ($("said").children.length > 50) $("said").firstChild.remove();
}

// Steps

function drawSteps(wanted) {
  const rows = new Map();
  $("steps").replaceChildren(
    ...wanted.map(({ id, title }) => {
      const note = h("span", { class: "step-note number" });
      const line = h("div", { class: "step-line" }, h("span", { class: "step-title" }, title), note);
      const element = h("li", { class: "step", "data-state": "waiting" }, line);
      rows.set(id, { element, line, note, began: 0, details: null });
      return element;
    }),
  );
  return new Steps(rows);
}

class Steps {
  #rows;
  current = null;

  constructor(rows) {
    this.#rows = rows;
  }

  begin(id, note = "") {
    const row = this.#rows.get(id);
    row.element.dataset.state = "running";
    row.began = performance.now();
    row.note.textContent = note;
    this.current = {
      done: (text) => this.#end(row, "done", text),
      failed: (text) => this.#end(row, "failed", text),
      detail: (title, value) => detail(row, title, value),
    };
    return this.current;
  }

  finish(id, text) {
    const row = this.#rows.get(id);
    if (row.element.dataset.state === "running") this.#end(row, "done", text);
  }

  drop(id) {
    this.#rows.get(id)?.element.remove();
  }

  #end(row, state, text) {
    row.element.dataset.state = state;
    const took = (performance.now() - row.began) / 1_000;
    row.note.replaceChildren(text, took > 0.005 ? h("span", { class: "soft" }, ` ${seconds(took)}`) : "");
  }
}

function detail(row, title, value) {
  if (!row.details) {
    row.details = h("div", { class: "row-detail" });
    row.element.replaceChildren(h("details", {}, h("summary", {}, row.line), row.details));
  }
  row.details.append(h("p", { class: "soft small" }, title), h("pre", {}, pretty(value)));
}

// Code

function drawLanguages() {
  $("languages").append(
    ...LANGUAGES.map(({ id, title }) =>
      h(
        "button",
        { type: "button", role: "tab", id: `language-${id}`, "aria-controls": "snippet", on: { click: () => choseLanguage(id) } },
        title,
      ),
    ),
  );
  $("languages").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = LANGUAGES.findIndex(({ id }) => id === language) + step;
    choseLanguage(LANGUAGES[(at + LANGUAGES.length) % LANGUAGES.length].id);
    $(`language-${language}`).focus();
  });
  $("copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText($("snippet").textContent);
    $("copy").textContent = "Copied";
    setTimeout(() => ($("copy").textContent = "Copy"), 1_500);
  });
}

function choseLanguage(id) {
  language = id;
  drawCode();
}

function drawCode() {
  if (!modes) return;
  const nothing = modes.value.name === NOTHING;
  const call = {
    endpoint: endpoint() || "http://localhost:3000/api/avatar/connect",
    shape: chosen("shape"),
    avatarId: avatarId(),
    preset: chosen("avatar"),
    base: location.origin,
    mode: nothing ? null : modes.value.name,
    onWorld: onWorld(),
    status,
  };
  for (const { id } of LANGUAGES) {
    const tab = $(`language-${id}`);
    tab.setAttribute("aria-selected", String(id === language));
    tab.tabIndex = id === language ? 0 : -1;
  }
  $("snippet").setAttribute("aria-labelledby", `language-${language}`);
  $("snippet").textContent = snippet(language, call);
  $("snippet-about").textContent = LANGUAGES.find(({ id }) => id === language).about;
}

$("call").disabled = true;
begin().catch((error) => {
  if (error.status === 401) lock();
  else problem("This page cannot begin.", error.message);
});
