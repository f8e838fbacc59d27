// A connect endpoint on Bun alone: Bun.serve in front, its fetch behind.
//
//   bun server.ts
//
// It hands out {sessionId, serverUrl, token, roomName}. The request's own signal says that the caller
// has left; the deadline ends the same work. Only the create is not ended: if it were given up halfway,
// the id of its session would be lost.
//
// Environment: RUNWAYML_API_SECRET, RUNWAYML_BASE_URL, CONNECT_TIMEOUT_S, PORT.

const BASE = (process.env.RUNWAYML_BASE_URL ?? 'https://api.dev.runwayml.com').replace(/\/+$/, '');
const SECRET = process.env.RUNWAYML_API_SECRET ?? '';
const TIMEOUT_MS = 1000 * Number(process.env.CONNECT_TIMEOUT_S ?? 30);
const PRESETS = new Set([
  'game-character',
  'music-superstar',
  'game-character-man',
  'cat-character',
  'influencer',
  'tennis-coach',
  'human-resource',
  'fashion-designer',
  'cooking-teacher',
]);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const POLL_EVERY_MS = 400;
const MOST_CREATES = 3;
const LONGEST_PAUSE_MS = 5000;

type Json = Record<string, unknown>;
type Options = { bearer?: string; json?: Json; signal?: AbortSignal };

// A failure that a caller may read.
class ConnectError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

// No success of Runway's; its text stays here. Status 0: no answer, or none that can be read.
class UpstreamError extends Error {
  readonly retryAfterMs: number;

  constructor(readonly status: number, retryAfter: string | null = null) {
    super(`Runway: ${status || 'no answer'}`);
    this.retryAfterMs = 1000 * Number(retryAfter ?? 0);
  }

  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

async function runway(method: string, path: string, options: Options = {}): Promise<Json> {
  const { bearer = SECRET, json, signal = AbortSignal.timeout(60_000) } = options;
  const headers = { Authorization: `Bearer ${bearer}`, 'X-Runway-Version': '2024-11-06' };
  if (json) Object.assign(headers, { 'Content-Type': 'application/json' });
  const init = { method, headers, body: json && JSON.stringify(json), signal };
  try {
    const response = await fetch(`${BASE}/v1/realtime_sessions${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new UpstreamError(response.status, response.headers.get('retry-after'));
    return text ? Object(JSON.parse(text)) : {};
  } catch (error) {
    if (error instanceof UpstreamError || signal.aborted) throw error;
    throw new UpstreamError(0);
  }
}

async function connect(request: Request): Promise<Response> {
  const avatar = avatarOf(await request.json().catch(() => undefined));
  const ending = new AbortController();
  const { signal } = ending;
  const late = () => ending.abort(new ConnectError(504, 'The session took too long'));
  const left = () => ending.abort(new ConnectError(499, 'The caller has left'));
  const deadline = setTimeout(late, TIMEOUT_MS);
  request.signal.addEventListener('abort', left, { once: true });
  const creating = create(avatar, signal);
  try {
    const sessionId = await Promise.race([creating, aborted(signal)]);
    const sessionKey = await keyOf(sessionId, signal);
    const { url, token, roomName } = await consume(sessionId, sessionKey, signal);
    signal.throwIfAborted();
    return answer(200, { sessionId, serverUrl: url, token, roomName });
  } catch (error) {
    // It is paid for until it ends, also if its id comes late.
    creating.then(cancel).catch(() => {});
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(deadline);
  }
}

function avatarOf(body: { avatarId?: unknown } | undefined): Json {
  const avatarId = body?.avatarId;
  if (typeof avatarId !== 'string' || !avatarId) throw new ConnectError(400, 'avatarId is required');
  if (PRESETS.has(avatarId)) return { type: 'runway-preset', presetId: avatarId };
  if (UUID.test(avatarId)) return { type: 'custom', avatarId };
  throw new ConnectError(404, 'Unknown avatar');
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

// Repeats only 429 and 503: they say that there is no session, and when to come back.
async function create(avatar: Json, signal: AbortSignal): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { id } = await runway('POST', '', { json: { model: 'gwm1_avatars', avatar } });
      if (typeof id !== 'string') throw new ConnectError(502, 'Runway gave no session');
      return id;
    } catch (error) {
      const busy = error instanceof UpstreamError && [429, 503].includes(error.status);
      const pause = busy ? error.retryAfterMs : 0;
      if (!(pause > 0 && pause <= LONGEST_PAUSE_MS) || attempt === MOST_CREATES) throw error;
      await Promise.race([Bun.sleep(pause), aborted(signal)]);
    }
  }
}

async function keyOf(sessionId: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    const session = await look(sessionId, signal);
    if (session?.status === 'READY' && session.sessionKey) return String(session.sessionKey);
    if (session && session.status !== 'NOT_READY') {
      // it has ended, or another caller has used its key
      throw new ConnectError(502, 'The session will not become ready');
    }
    await Promise.race([Bun.sleep(POLL_EVERY_MS), aborted(signal)]);
  }
}

// Looking changes nothing: what passes is looked at again, until the deadline.
async function look(sessionId: string, signal: AbortSignal): Promise<Json | undefined> {
  try {
    return await runway('GET', `/${sessionId}`, { signal });
  } catch (error) {
    if (!(error instanceof UpstreamError && error.passing)) throw error;
    console.warn(`session ${sessionId}: ${error.message}`);
  }
}

// The session's key takes the place of the API secret. It works once.
async function consume(sessionId: string, bearer: string, signal: AbortSignal): Promise<Json> {
  const room = await runway('POST', `/${sessionId}/consume`, { bearer, json: {}, signal });
  if (!room.url || !room.token || !room.roomName) throw new UpstreamError(0);
  return room;
}

async function cancel(sessionId: string): Promise<void> {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    try {
      await runway('DELETE', `/${sessionId}`);
      return;
    } catch (error) {
      console.warn(`session ${sessionId} is not cancelled yet: ${error}`);
      await Bun.sleep(1000 * attempt);
    }
  }
}

function answer(status: number, body: Json): Response {
  return Response.json(body, { status, headers: { 'Cache-Control': 'no-store' } });
}

function problem(error: unknown): Response {
  if (error instanceof ConnectError) return answer(error.status, { error: error.message });
  const status = error instanceof UpstreamError ? error.status : 0;
  console.warn(error instanceof UpstreamError ? error.message : error);
  if (status === 402 || status === 429) {
    return answer(503, { error: 'No session is available right now' });
  }
  return answer(502, { error: 'The session could not be started' });
}

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.env.PORT ?? 3000),
  idleTimeout: 120, // seconds without a byte; the default ends a connection after 10
  maxRequestBodySize: 16 * 1024,
  routes: {
    '/api/avatar/connect': { POST: (request) => connect(request).catch(problem) },
  },
  fetch: () => answer(404, { error: 'Not found' }),
});
