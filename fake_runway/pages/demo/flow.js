// What an application does to get a call, in steps that can be watched.
//
// Nothing here knows of the fake: an application of yours does the same.

export const SHAPES = {
  credentials: {
    title: "Credentials",
    about: "Your server consumes the session, and the browser gets what it joins with.",
  },
  "session-key": {
    title: "Session key",
    about: "The browser gets a key that works once, and consumes the session itself.",
  },
};

/** Why there is no call; `shown` is what the application has in its hands. */
export class Failed extends Error {
  constructor(message, shown) {
    super(message);
    this.shown = shown;
  }
}

/** Return the steps of a call that are to come. */
export function stepsOf(shape) {
  return [
    { id: "connect", title: "Ask your server for a call" },
    ...(shape === "session-key" ? [{ id: "consume", title: "Consume the session" }] : []),
    { id: "join", title: "Join the room" },
    { id: "avatar", title: "Show the avatar" },
    { id: "hang-up", title: "Hang up" },
  ];
}

/** Ask the connect endpoint. */
export async function connect({ endpoint, shape, avatarId, signal }, note) {
  const url = new URL(endpoint);
  url.searchParams.set("shape", shape);
  const answer = await call(url, { avatarId }, {}, signal, note);
  const { body } = answer;
  const wanted = shape === "session-key" ? ["sessionId", "sessionKey"] : ["serverUrl", "token"];
  const missing = wanted.filter((key) => typeof body?.[key] !== "string");
  if (!missing.length) return body;
  // an endpoint that knows one shape alone answers in that one
  if (typeof body?.token === "string" && typeof body?.serverUrl === "string") return body;
  if (typeof body?.sessionKey === "string" && typeof body?.sessionId === "string") return body;
  throw new Failed(`The answer has no ${missing.join(" and no ")}.`, answer);
}

/** Consume a session in the browser, with its key. */
export async function consume({ sessionId, sessionKey, base, signal }, note) {
  const url = new URL(`/v1/realtime_sessions/${encodeURIComponent(sessionId)}/consume`, base);
  const answer = await call(url, {}, { Authorization: `Bearer ${sessionKey}` }, signal, note);
  const { url: serverUrl, token } = answer.body ?? {};
  if (typeof serverUrl === "string" && typeof token === "string") return { serverUrl, token };
  throw new Failed("The answer has no url and no token.", answer);
}

/** Return where an offer goes by WHEP, from where the credentials lead. */
export function whepOf(serverUrl) {
  return `${serverUrl.replace(/^ws/, "http").replace(/\/$/, "")}/whep`;
}

async function call(url, body, headers, signal, note) {
  const request = { method: "POST", url: url.href, body };
  note({ request });
  let answer;
  let text;
  try {
    answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
      signal,
    });
    text = await answer.text();
  } catch (error) {
    if (signal.aborted) throw error;
    // a browser says no more than this of a connection that broke, or of a missing CORS header
    throw new Failed(`${error.name}: ${error.message}`, { request });
  }
  const response = { request, status: answer.status, retryAfter: answer.headers.get("Retry-After") };
  try {
    response.body = JSON.parse(text);
  } catch {
    response.body = text;
  }
  note({ request, response });
  if (!answer.ok) throw new Failed(messageOf(response.body) ?? answer.statusText, response);
  return response;
}

function messageOf(body) {
  return typeof body?.error === "string" ? body.error : null;
}

/** Return a value without what lets its reader into a call. */
export function withoutSecrets(value) {
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      /^(token|sessionKey)$/.test(name) && typeof each === "string"
        ? `(secret, ${each.length} characters)`
        : each,
    ]),
  );
}
