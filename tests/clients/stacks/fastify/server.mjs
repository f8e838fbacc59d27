// A connect endpoint in Fastify, with Node's own fetch.
//
// It hands out {sessionId, sessionKey}, which the browser consumes. One AbortSignal ends the work, by
// the deadline or because the caller has left. Only the create does not get it: if it were given up
// halfway, the id of its session would be lost.
//
// Environment: RUNWAYML_API_SECRET, RUNWAYML_BASE_URL, CONNECT_TIMEOUT_S, PORT.

import { setTimeout as sleep } from 'node:timers/promises';

import Fastify from 'fastify';

const BASE = (process.env.RUNWAYML_BASE_URL ?? 'https://api.dev.runwayml.com').replace(/\/+$/, '');
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
const POLL_EVERY_MS = 400;
const MOST_CREATES = 3;
const LONGEST_PAUSE_MS = 5000;

class ConnectError extends Error {
  constructor(statusCode, message) {
    super(message);
    this.statusCode = statusCode;
  }
}

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

async function runway(method, path, { json, signal = AbortSignal.timeout(60_000) } = {}) {
  const headers = {
    Authorization: `Bearer ${process.env.RUNWAYML_API_SECRET}`,
    'X-Runway-Version': '2024-11-06',
    ...(json && { 'Content-Type': 'application/json' }),
  };
  const body = json && JSON.stringify(json);
  const init = { method, headers, body, signal };
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

const app = Fastify({
  bodyLimit: 16 * 1024,
  logger: { level: 'warn' },
});

const schema = {
  body: {
    type: 'object',
    required: ['avatarId'],
    properties: { avatarId: { type: 'string', minLength: 1, maxLength: 100 } },
  },
};

app.post('/api/avatar/connect', { schema }, async (request, reply) => {
  const { avatarId } = request.body;
  if (!PRESETS.has(avatarId)) throw new ConnectError(404, 'Unknown avatar');
  const ending = new AbortController();
  const late = () => ending.abort(new ConnectError(504, 'The session took too long'));
  const left = () => ending.abort(new ConnectError(499, 'The caller has left'));
  const deadline = setTimeout(late, TIMEOUT_MS);
  reply.raw.once('close', left);
  const creating = create(avatarId, ending.signal);
  try {
    const sessionId = await Promise.race([creating, aborted(ending.signal)]);
    const sessionKey = await keyOf(sessionId, ending.signal);
    ending.signal.throwIfAborted();
    reply.header('Cache-Control', 'no-store');
    return { sessionId, sessionKey };
  } catch (error) {
    // It is paid for until it ends, also if its id comes late.
    creating.then(cancel).catch(() => {});
    throw ending.signal.aborted ? ending.signal.reason : error;
  } finally {
    clearTimeout(deadline);
    reply.raw.off('close', left);
  }
});

function aborted(signal) {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

// Repeats only 429 and 503: they say that there is no session, and when to come back.
async function create(presetId, signal) {
  const json = { model: 'gwm1_avatars', avatar: { type: 'runway-preset', presetId } };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { id } = await runway('POST', '', { json });
      if (typeof id !== 'string') throw new ConnectError(502, 'Runway gave no session');
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
      throw new ConnectError(502, 'The session will not become ready');
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
    app.log.warn(`session ${sessionId}: ${error.message}`);
  }
}

async function cancel(sessionId) {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    try {
      return await runway('DELETE', `/${sessionId}`);
    } catch (error) {
      app.log.warn(`session ${sessionId} is not cancelled yet: ${error.message}`);
      await sleep(1000 * attempt);
    }
  }
}

app.setErrorHandler((error, request, reply) => {
  if (error.statusCode) return reply.code(error.statusCode).send({ error: error.message });
  app.log.warn(error.message);
  if (error.status === 402 || error.status === 429) {
    return reply.code(503).send({ error: 'No session is available right now' });
  }
  return reply.code(502).send({ error: 'The session could not be started' });
});

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 3000) });
