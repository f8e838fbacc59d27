// The fake's admin API, for every page: addresses, the admin token (typed once, kept for the tab, in no
// address), requests, and the events of a stream. Everything here can be done with curl, too.

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

/** Return the address of a part of the admin API; of a world, or of the server: null. */
export const address = (world, path) =>
  `${world === null ? "" : `/w/${encodeURIComponent(world)}`}/__admin${path}`;

export const hasToken = () => sessionStorage.getItem(KEPT) !== null;
export const keepToken = (text) => sessionStorage.setItem(KEPT, text);

/** Return the headers of every admin request. */
export function headers(more = {}) {
  const token = sessionStorage.getItem(KEPT);
  return token === null ? more : { ...more, [HEADER]: token };
}

/** Send a request and return the body of the answer.
 *
 * Throws AdminError if it is refused.
 */
export async function request({ method = "GET", path, body, world = null }, options = {}) {
  // a page of a world may be open before anything has used it, so a read makes it
  const made = world === null ? {} : { "X-Fake-Make-World": "yes" };
  const typed = body === undefined ? {} : { "Content-Type": "application/json" };
  const response = await fetch(address(world, path), {
    method,
    headers: headers({ ...made, ...typed }),
    body: body === undefined ? undefined : JSON.stringify(body),
    referrerPolicy: "no-referrer",
    cache: "no-store",
    ...options,
  });
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

/** Open a stream of events; by fetch, since an EventSource can send no token. */
export const listen = (world, query, more, signal) =>
  fetch(address(world, `/events${query}`), {
    headers: headers(more), signal, cache: "no-store", referrerPolicy: "no-referrer",
  });

/** Yield the events of a stream, as many at a time as came together. */
export async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    const events = lines.filter((line) => line.startsWith("data: ")).map((line) => JSON.parse(line.slice(6)));
    if (events.length) yield events;
  }
}
