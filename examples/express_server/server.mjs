// A connect endpoint of your own: Express and the official Node SDK.
//
//   POST /api/avatar/connect  {"avatarId": "music-superstar"}
//   -> {sessionId, serverUrl, token, roomName}, which <AvatarCall connectUrl=...> takes
//
// Environment: RUNWAYML_API_SECRET and RUNWAYML_BASE_URL (read by the SDK), CONNECT_TIMEOUT_S, PORT.

import { setTimeout as sleep } from 'node:timers/promises';

import Runway from '@runwayml/sdk';
import express from 'express';

// Anyone who can reach this endpoint spends your credits: offer only the avatars that you mean to.
const AVATARS = new Set([
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
const CONNECT_TIMEOUT_MS = 1000 * Number(process.env.CONNECT_TIMEOUT_S ?? 30);
const POLL_EVERY_MS = 500;
const MOST_CREATES = 3;
const LONGEST_PAUSE_MS = 5000;

// No automatic retries: a create that failed with 5xx may still have made a session, and trying
// again would make a second one, unknown to this server and paid for. (And this SDK sleeps as
// long as Retry-After says, whatever our own deadline.)
const runway = new Runway({ maxRetries: 0 });

class ConnectError extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

const app = express();
app.use(express.json());

app.post('/api/avatar/connect', async (req, res) => {
  const avatarId = requestedAvatar(req.body);
  const ending = new AbortController(); // by the deadline, or because the caller has left
  const late = new ConnectError(504, 'timeout', 'Session creation timed out');
  const deadline = setTimeout(() => ending.abort(late), CONNECT_TIMEOUT_MS);
  const left = () => ending.abort(new ConnectError(500, 'internal', 'The caller has left'));
  res.once('close', left);
  const creating = create(avatarId, ending.signal);
  try {
    if (res.closed) left();
    const sessionId = await orEnd(creating, ending.signal);
    const sessionKey = await untilReady(sessionId, ending.signal);
    const { url, token, roomName } = await consume(sessionId, sessionKey, ending.signal);
    ending.signal.throwIfAborted();
    res.json({ sessionId, serverUrl: url, token, roomName });
  } catch (error) {
    // It was not handed out, and it is paid for until it ends. If its id comes late, then late; and
    // the answer does not wait for it.
    creating.then(cancel, () => {});
    throw ending.signal.aborted ? ending.signal.reason : error;
  } finally {
    clearTimeout(deadline);
    res.off('close', left);
  }
});

async function create(avatarId, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Without the signal: if this were given up halfway, the session's id would be lost.
      const { id } = await runway.realtimeSessions.create({
        model: 'gwm1_avatars',
        avatar: { type: 'runway-preset', presetId: avatarId },
      });
      if (typeof id === 'string') return id;
      throw new ConnectError(502, 'upstream_error', 'Runway gave no session');
    } catch (error) {
      const pause = attempt < MOST_CREATES && pauseAfter(error);
      if (!pause) throw error;
      await sleep(pause, undefined, { signal });
    }
  }
}

// Only these two say for certain that there is no session, and when to come back.
function pauseAfter(error) {
  const pause = 1000 * Number(error.headers?.get('retry-after'));
  return [429, 503].includes(error.status) && pause <= LONGEST_PAUSE_MS ? pause : 0;
}

function orEnd(promise, signal) {
  return new Promise((resolve, reject) => {
    promise.then(resolve, reject);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function requestedAvatar(body) {
  const avatarId = body?.avatarId;
  if (typeof avatarId !== 'string') {
    throw new ConnectError(400, 'invalid_request', 'avatarId is required');
  }
  if (!AVATARS.has(avatarId)) throw new ConnectError(404, 'unknown_avatar', 'Unknown avatar');
  return avatarId;
}

async function untilReady(sessionId, signal) {
  for (;;) {
    const session = await look(sessionId, signal);
    if (session?.status === 'READY') return session.sessionKey;
    if (session && session.status !== 'NOT_READY') {
      // RUNNING too: then another caller has used the key
      throw new ConnectError(500, 'session_failed', `Session ${session.status.toLowerCase()}`);
    }
    await sleep(POLL_EVERY_MS, undefined, { signal });
  }
}

async function look(sessionId, signal) {
  try {
    return await runway.realtimeSessions.retrieve(sessionId, { signal });
  } catch (error) {
    const { status } = error;
    const passing = status === undefined || status === 429 || status >= 500;
    if (!passing || signal.aborted) throw error;
    // Looking changes nothing, so look again: the deadline ends this if it has to.
    console.warn(`looking at session ${sessionId}: ${status ?? 'no answer'}`);
  }
}

// A key works once, so this is never tried again.
async function consume(sessionId, sessionKey, signal) {
  // The SDK has no method for it; the session's key takes the place of the API secret.
  const room = await runway.post(`/v1/realtime_sessions/${sessionId}/consume`, {
    headers: { Authorization: `Bearer ${sessionKey}` },
    body: {}, // declares JSON, which a request without a body does not
    signal,
  });
  if (!room?.url || !room.token || !room.roomName) {
    throw new ConnectError(502, 'upstream_error', 'Runway gave no credentials');
  }
  return room;
}

async function cancel(sessionId) {
  try {
    await runway.realtimeSessions.delete(sessionId, { maxRetries: 2 });
  } catch {
    console.warn(`session ${sessionId} could not be cancelled`);
  }
}

// Every failure gets a status that is no success: frontends trust any 200.
function problemOf(error) {
  if (error instanceof ConnectError) return error;
  if (!(error instanceof Runway.APIError)) {
    const ours = error.status >= 400 && error.status < 500; // of express.json()
    if (ours) return new ConnectError(400, 'invalid_request', 'Expected JSON');
    console.error(error);
    return new ConnectError(500, 'internal', 'Internal error');
  }
  console.warn(`Runway: ${error.status ?? 'no answer'}`); // its text is not for callers
  switch (error.status) {
    case 401: // our secret, not the caller's: a 401 would blame the wrong one
    case 403:
      return new ConnectError(500, 'upstream_auth', 'Failed to create session');
    case 402:
      return new ConnectError(503, 'insufficient_credits', 'Service is out of credits');
    case 429:
      return new ConnectError(503, 'upstream_busy', 'Too many sessions at the moment');
    default:
      return new ConnectError(502, 'upstream_error', 'Runway could not be used');
  }
}

app.use((error, req, res, next) => {
  const { status, code, message } = problemOf(error);
  res.status(status).json({ error: message, code });
});

const server = app.listen(Number(process.env.PORT ?? 3001), '127.0.0.1', (error) => {
  if (error) throw error;
  console.log(`Running on http://127.0.0.1:${server.address().port}`);
});
