// A connect endpoint in Hono on Node, with Node's own fetch.
//
// It hands out {sessionId, serverUrl, token, roomName}. The request's own signal says that the caller
// has left; a deadline is put beside it. Only the create does not get it: if it were given up halfway,
// the id of its session would be lost.
//
// Environment: RUNWAYML_API_SECRET, RUNWAYML_BASE_URL, CONNECT_TIMEOUT_S, PORT.

import { setTimeout as sleep } from 'node:timers/promises';

import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';

const BASE = (process.env.RUNWAYML_BASE_URL ?? 'https://api.dev.runwayml.com').replace(/\/+$/, '');
const SECRET = process.env.RUNWAYML_API_SECRET;
const TIMEOUT_MS = 1000 * Number(process.env.CONNECT_TIMEOUT_S ?? 30);
const PRESETS = [
  'game-character',
  'music-superstar',
  'game-character-man',
  'cat-character',
  'influencer',
  'tennis-coach',
  'human-resource',
  'fashion-designer',
  'cooking-teacher',
];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const POLL_EVERY_MS = 400;
const MOST_CREATES = 3;
const LONGEST_PAUSE_MS = 5000;

// No success of Runway's; its text stays here. Status 0: no answer, or none that can be read.
class UpstreamError extends Error {
  constructor(status, retryAfter) {
    super(`Runway: ${status || 'no answer'}`);
    this.status = status;
    this.retryAfterMs = 1000 * Number(retryAfter ?? 0);
  }

  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

async function runway(method, path, { bearer = SECRET, json, signal } = {}) {
  const headers = { Authorization: `Bearer ${bearer}`, 'X-Runway-Version': '2024-11-06' };
  if (json) headers['Content-Type'] = 'application/json';
  const until = signal ?? AbortSignal.timeout(60_000);
  const init = { method, headers, body: json && JSON.stringify(json), signal: until };
  try {
    const response = await fetch(`${BASE}/v1/realtime_sessions${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new UpstreamError(response.status, response.headers.get('retry-after'));
    return text ? Object(JSON.parse(text)) : {};
  } catch (error) {
    if (error instanceof UpstreamError || until.aborted) throw error;
    throw new UpstreamError(0);
  }
}

const app = new Hono();

app.use(
  bodyLimit({ maxSize: 16 * 1024, onError: (c) => c.json({ error: 'The body is too long' }, 413) }),
);

app.post('/api/avatar/connect', async (c) => {
  const avatar = avatarOf(await c.req.json().catch(() => undefined));
  const ending = new AbortController();
  const { signal } = ending;
  const late = () => ending.abort(new HTTPException(504, { message: 'The session took too long' }));
  // Not AbortSignal.timeout() in AbortSignal.any(): Node 20 may collect that before its time is up.
  const deadline = setTimeout(late, TIMEOUT_MS);
  c.req.raw.signal.addEventListener('abort', () => ending.abort(new Error('The caller has left')));
  const creating = create(avatar, signal);
  try {
    const sessionId = await Promise.race([creating, aborted(signal)]);
    const sessionKey = await keyOf(sessionId, signal);
    const { url, token, roomName } = await consume(sessionId, sessionKey, signal);
    signal.throwIfAborted();
    c.header('Cache-Control', 'no-store');
    return c.json({ sessionId, serverUrl: url, token, roomName });
  } catch (error) {
    // It is paid for until it ends, also if its id comes late.
    creating.then(cancel).catch(() => {});
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(deadline);
  }
});

function avatarOf(body) {
  const avatarId = body?.avatarId;
  if (typeof avatarId !== 'string' || !avatarId) {
    throw new HTTPException(400, { message: 'avatarId is required' });
  }
  if (PRESETS.includes(avatarId)) return { type: 'runway-preset', presetId: avatarId };
  if (UUID.test(avatarId)) return { type: 'custom', avatarId };
  throw new HTTPException(404, { message: 'Unknown avatar' });
}

function aborted(signal) {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

// Repeats only 429 and 503: they say that there is no session, and when to come back.
async function create(avatar, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { id } = await runway('POST', '', { json: { model: 'gwm1_avatars', avatar } });
      if (typeof id !== 'string') throw new UpstreamError(0);
      return id;
    } catch (error) {
      const pause = [429, 503].includes(error.status) && error.retryAfterMs;
      if (!(pause > 0 && pause <= LONGEST_PAUSE_MS) || attempt === MOST_CREATES) throw error;
      await sleep(pause, undefined, { signal });
    }
  }
}

async function keyOf(sessionId, signal) {
  for (;;) {
    const session = await look(sessionId, signal);
    if (session?.status === 'READY' && session.sessionKey) return session.sessionKey;
    if (session && session.status !== 'NOT_READY') {
      // it has ended, or another caller has used its key
      throw new HTTPException(502, { message: 'The session will not become ready' });
    }
    await sleep(POLL_EVERY_MS, undefined, { signal });
  }
}

// Looking changes nothing: what passes is looked at again, until the deadline.
async function look(sessionId, signal) {
  try {
    return await runway('GET', `/${sessionId}`, { signal });
  } catch (error) {
    if (!error.passing) throw error;
    console.warn(`session ${sessionId}: ${error.message}`);
  }
}

// The session's key takes the place of the API secret. It works once.
async function consume(sessionId, sessionKey, signal) {
  const room = await runway('POST', `/${sessionId}/consume`, {
    bearer: sessionKey,
    json: {},
    signal,
  });
  if (!room.url || !room.token || !room.roomName) throw new UpstreamError(0);
  return room;
}

async function cancel(sessionId) {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    try {
      return await runway('DELETE', `/${sessionId}`);
    } catch (error) {
      console.warn(`session ${sessionId} is not cancelled yet: ${error.message}`);
      await sleep(1000 * attempt);
    }
  }
}

app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  console.warn(error.message);
  if (error.status === 402 || error.status === 429) {
    return c.json({ error: 'No session is available right now' }, 503);
  }
  return c.json({ error: 'The session could not be started' }, 502);
});

serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) });
