// A server's way to a session with a time-out of its own: 30 s, unless it is told otherwise.

const base = () => process.env.RUNWAYML_BASE_URL ?? "https://api.dev.runwayml.com";
const headers = () => ({
  Authorization: `Bearer ${process.env.RUNWAYML_API_SECRET}`,
  "X-Runway-Version": "2024-11-06",
  "Content-Type": "application/json",
});

async function call(method, path, body, secret) {
  const answer = await fetch(`${base()}/v1/realtime_sessions${path}`, {
    method,
    headers: { ...headers(), ...secret },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? undefined : answer.json();
}

export class NotInTime extends Error {}

/** Return the key of a new session; `NotInTime` after the deadline, and the session is cancelled. */
export async function readySession(avatar, { deadlineMs = 30_000, pollMs = 1_000, extra = {} } = {}) {
  const begun = Date.now();
  const { id } = await call("POST", "", {
    model: "gwm1_avatars",
    avatar: { type: "runway-preset", presetId: avatar },
  }, extra);
  while (Date.now() - begun <= deadlineMs) {
    const session = await call("GET", `/${id}`, undefined, extra);
    if (session.status === "READY") return session.sessionKey;
    await new Promise((done) => setTimeout(done, pollMs));
  }
  await call("DELETE", `/${id}`, undefined, extra);
  throw new NotInTime();
}
