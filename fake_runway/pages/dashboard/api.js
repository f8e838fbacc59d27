// Requests of the dashboard: where a token is missing or wrong, they ask for it and go on.

import { AdminError, hasToken, keepToken, request } from "/__pages/admin.js";
import { field, h } from "/__pages/dom.js";

/** Send a command and return the body of the answer.
 *
 * A page of a world may be open before anything has used it, so a read makes it.
 *
 * Throws AdminError if it is refused.
 */
export async function send(command) {
  try {
    return await request(command);
  } catch (error) {
    if (!(error instanceof AdminError) || error.status !== 401) throw error;
  }
  await askForToken();
  return send(command);
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
        keepToken(input.value);
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
