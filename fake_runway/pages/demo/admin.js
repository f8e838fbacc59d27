// The fake's admin API, as far as this page needs it. Everything here can be done with curl, too.

const TOKEN = "fake-runway admin token";

export class AdminError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Return the admin token that was typed into this tab, if one was. */
export const token = () => sessionStorage.getItem(TOKEN) ?? "";
export const keepToken = (text) => sessionStorage.setItem(TOKEN, text);

const headers = (more) => (token() ? { "X-Fake-Admin-Token": token(), ...more } : more);
const base = (world) => `${world ? `/w/${encodeURIComponent(world)}` : ""}/__admin`;

/** Ask the admin API for a world; return the JSON of its answer. The first read makes the world. */
export async function admin(world, method, path, body, options = {}) {
  const make = world ? { "X-Fake-Make-World": "yes" } : {};
  const answer = await fetch(base(world) + path, {
    method,
    headers: headers(body === undefined ? make : { ...make, "Content-Type": "application/json" }),
    body: body === undefined ? undefined : JSON.stringify(body),
    ...options,
  });
  const text = await answer.text();
  const value = text ? JSON.parse(text) : null;
  if (!answer.ok) throw new AdminError(answer.status, value?.error ?? answer.statusText);
  return value;
}

/** Call `take` with each event of a world until `signal` is aborted; come back after breaks.
 *
 * `last` is the id of the event to continue after; empty: from now on. */
export async function follow(world, last, take, signal) {
  for (let pause = 500; !signal.aborted; pause = Math.min(pause * 2, 8_000)) {
    try {
      // by fetch, since an EventSource can send no token
      const answer = await fetch(`${base(world)}/events`, {
        headers: headers({ Accept: "text/event-stream", ...(last ? { "Last-Event-ID": last } : {}) }),
        signal,
      });
      if (!answer.ok) throw new AdminError(answer.status, await answer.text());
      for await (const event of events(answer.body)) {
        if (event.id) last = event.id;
        take(event);
        pause = 500;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof AdminError && error.status === 401) throw error;
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}

/** Yield the data of server-sent events. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("data: ")) yield JSON.parse(line.slice(6));
  }
}
