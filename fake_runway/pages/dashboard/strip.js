// The strip at the foot of the page: the command of the button that has the focus or the pointer,
// or was pressed last, as a curl and as Python. And the buttons that have a command.

import { send } from "./api.js";
import { curl, pythonOf } from "./commands.js";
import { button, copy, field, fill, h } from "/__pages/dom.js";

let shown = null;

const HINT = "Point at a button, or focus it: what it does stands here, to copy as curl or Python.";

/** Show a command in the strip; without one how to get one, so that the strip's place stays the same. */
export function preview(command, { done = false } = {}) {
  shown = command;
  const strip = document.getElementById("strip");
  if (!command) return fill(strip, h("span", { class: "soft small" }, HINT));
  const asCurl = curl(command);
  const asPython = pythonOf(command);
  fill(strip,
    h("span", { class: "badge " + (done ? "good" : "") }, done ? "Done" : command.method),
    h("code", { class: "line" }, command.line),
    h("span", { class: "row" },
      button("Copy Python", (event) => copy(asPython, event.currentTarget),
        { class: "plain", title: asPython, "data-copy": "python" }),
      button("Copy curl", (event) => copy(asCurl, event.currentTarget),
        { class: "plain", title: asCurl, "data-copy": "curl" })));
}

/** Say something for a while; problems stay longer. */
export function toast(text, kind = "good") {
  const note = h("p", { class: `note ${kind}` }, text);
  const toasts = document.getElementById("toasts");
  toasts.append(note);
  if (toasts.childElementCount > 3) toasts.firstElementChild.remove();
  setTimeout(() => note.remove(), kind === "good" ? 3_000 : 8_000);
}

/** Send a command, show it, and say how it went; return the answer, undefined if it was refused. */
export async function run(command, said = "") {
  try {
    const answer = await send(command);
    preview(command, { done: true });
    if (said) toast(said);
    return answer ?? null;
  } catch (error) {
    preview(command);
    toast(error.message, "bad");
    return undefined;
  }
}

/** Return a button that sends a command; `make` returns it, or null if something is missing.
 *
 * It throws if something is wrong, which is then said.
 */
export function action(label, make, { said = "", then, sure = "", ...properties } = {}) {
  const made = (looking) => {
    try {
      return make(looking);
    } catch (error) {
      if (!looking) toast(error.message, "bad");
      return null;
    }
  };
  const look = () => {
    const command = made(true);
    if (command) preview(command);
  };
  return button(label, async () => {
    const command = made(false);
    if (!command || (sure && !(await confirmed(sure, label)))) return;
    const answer = await run(command, said);
    if (answer !== undefined) then?.(answer);
  }, { ...properties, on: { pointerenter: look, focus: look } });
}

/** Return a button that asks for the words of a command, shows it as they are typed, and sends it.
 *
 * `wanted` are the fields: name, label, value to begin with; the value of `args` is JSON.
 */
export function asking(label, title, wanted, make, { said = "", ...properties } = {}) {
  return button(label, () => {
    const problem = h("p", { class: "note bad", role: "alert", hidden: true });
    const line = h("code", { class: "soft small" });
    const inputs = wanted.map(([name, , value]) => h("input", { value, required: true, name, on: { input: show } }));
    const close = () => { dialog.close(); dialog.remove(); };
    const dialog = h("dialog", { "aria-labelledby": "asking", class: "small-dialog", on: { cancel: () => dialog.remove() } },
      h("form", { class: "stack", on: { submit: send_ } },
        h("h2", { id: "asking" }, title), wanted.map(([, name], index) => field(name, inputs[index])), problem, line,
        h("div", { class: "row" }, h("button", { class: "main", type: "submit" }, "Send"), button("Cancel", close))));

    function read() {
      problem.hidden = true;
      try {
        return make(Object.fromEntries(inputs.map(({ name, value }) =>
          [name, name === "args" ? JSON.parse(value || "{}") : value])));
      } catch (error) {
        problem.hidden = false;
        fill(problem, `The arguments are no JSON: ${error.message}`);
        return null;
      }
    }
    function show() {
      const command = read();
      fill(line, command?.line);
    }
    async function send_(event) {
      event.preventDefault();
      const command = read();
      if (command && (await run(command, said)) !== undefined) close();
    }

    document.body.append(dialog);
    show();
    dialog.showModal();
  }, properties);
}

/** Ask whether to go on. */
export function confirmed(question, label) {
  return new Promise((resolve) => {
    const close = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const dialog = h("dialog", { "aria-labelledby": "sure", class: "small-dialog",
      on: { cancel: (event) => { event.preventDefault(); close(false); } } },
      h("div", { class: "stack" },
        h("p", { id: "sure" }, question),
        h("div", { class: "row" },
          button(label, () => close(true), { class: "main" }),
          button("Cancel", () => close(false)))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

export const lastShown = () => shown;
