// Requests to the admin API, and the admin token: typed once, kept for the tab, in no address.

import { button, field, fill, h } from "./dom.js";

const KEPT = "fake-runway-admin-token";
const HEADER = "X-Fake-Admin-Token";

export class AdminError extends Error {
  constructor(status, body) {
    super(body?.error ?? `expected an answer of the fake, got status ${status}`);
    this.status = status;
    this.code = body?.code ?? "";
    this.where = body?.where ?? "";
  }
}

export const address = (world, path) =>
  `${world === null ? "" : `/w/${encodeURIComponent(world)}`}/__admin${path}`;

/** Return the headers of every admin request. */
export function headers(more = {}) {
  const token = sessionStorage.getItem(KEPT);
  return token === null ? more : { ...more, [HEADER]: token };
}

export const hasToken = () => sessionStorage.getItem(KEPT) !== null;

/** Send a command and return the body of the answer.
 *
 * A page of a world may be open before anything has used it, so a read makes it.
 *
 * Throws AdminError if it is refused.
 */
export async function send({ method, path, body, world = null }) {
  const more = world === null ? {} : { "X-Fake-Make-World": "yes" };
  const options = { method, headers: headers(more), referrerPolicy: "no-referrer", cache: "no-store" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = headers({ ...more, "Content-Type": "application/json" });
  }
  const response = await fetch(address(world, path), options);
  if (response.status === 401) {
    await askForToken();
    return send({ method, path, body, world });
  }
  const text = await response.text();
  let answer = null;
  try {
    answer = text ? JSON.parse(text) : null;
  } catch {
    throw new AdminError(response.status, null);
  }
  if (!response.ok) throw new AdminError(response.status, answer);
  return answer;
}

export const get = (world, path) => send({ method: "GET", path, world });

let asking = null;

/** Ask for the admin token, once at a time. */
export function askForToken() {
  asking ??= new Promise((resolve) => {
    const wrong = hasToken();
    const input = h("input", { type: "password", autocomplete: "off", class: "mono", required: true });
    const dialog = h("dialog", { "aria-labelledby": "token-title" },
      h("form", { class: "stack", method: "dialog", on: { submit: (event) => {
        event.preventDefault();
        sessionStorage.setItem(KEPT, input.value);
        dialog.close();
        dialog.remove();
        asking = null;
        resolve();
      } } },
        h("h2", { id: "token-title" }, "Admin token"),
        h("p", { class: "soft" }, "This server wants its admin token: the value of --admin-token, or the one"
          + " that it printed at the start. It stays in this tab."),
        wrong && h("p", { class: "note bad", role: "alert" }, "The token was not accepted."),
        field("Token", input),
        h("div", { class: "row" }, h("button", { class: "main", type: "submit" }, "Continue"))));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
  return asking;
}
