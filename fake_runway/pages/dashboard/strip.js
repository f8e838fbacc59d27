// The strip at the foot of the page: the command of the button that has the focus or the pointer,
// or was pressed last, as a curl and as Python. And the buttons that have a command.

import { send } from "./api.js";
import { curl, pythonOf } from "./commands.js";
import { button, copy, fill, h } from "/__pages/dom.js";

let shown = null;

/** Show a command in the strip. */
export function preview(command, { done = false } = {}) {
  shown = command;
  const strip = document.getElementById("strip");
  if (!command) return fill(strip);
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

/** Return a button that sends a command; `make` returns it, or null if something is missing. */
export function action(label, make, { said = "", then, sure = "", ...properties } = {}) {
  const look = () => {
    const command = make(true);
    if (command) preview(command);
  };
  return button(label, async () => {
    const command = make(false);
    if (!command || (sure && !(await confirmed(sure, label)))) return;
    const answer = await run(command, said);
    if (answer !== undefined) then?.(answer);
  }, { ...properties, on: { pointerenter: look, focus: look } });
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
