// app/api/avatar/connect/route.js of a Next.js project: a route handler and the official Node SDK.
//
//   POST /api/avatar/connect  {"avatarId": "music-superstar"}
//   -> {sessionId, sessionKey}, which <AvatarCall connectUrl=...> takes, and consumes by itself
//
// Environment: RUNWAYML_API_SECRET and RUNWAYML_BASE_URL (read by the SDK), CONNECT_TIMEOUT_S.

import { setTimeout as sleep } from 'node:timers/promises';

import Runway from '@runwayml/sdk';

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
const LONGEST_CANCEL_MS = 500;
const LONGEST_BODY = 10_000;

// Made by the first request: `next build` loads this file too, where there is no secret.
// No automatic retries: a create that failed with 5xx may still have made a session.
let client;
const runway = () => (client ??= new Runway({ maxRetries: 0 }));

class ConnectError extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

export async function POST(request) {
  // The deadline, or the caller who has left. With a timer of its own: Node may collect a signal of
  // AbortSignal.timeout() that only AbortSignal.any() refers to, and then it never comes.
  const ending = new AbortController();
  const late = new ConnectError(504, 'timeout', 'Session creation timed out');
  const deadline = setTimeout(() => ending.abort(late), CONNECT_TIMEOUT_MS);
  const left = () => ending.abort(request.signal.reason);
  request.signal.addEventListener('abort', left, { once: true });
  try {
    const avatarId = await requestedAvatar(request);
    return Response.json(await connect(avatarId, ending.signal));
  } catch (error) {
    const { status, code, message } = problemOf(error);
    return Response.json({ error: message, code }, { status });
  } finally {
    clearTimeout(deadline);
    request.signal.removeEventListener('abort', left);
  }
}

async function requestedAvatar(request) {
  // Pages of other sites can send text and forms without asking, with the cookies of the user.
  if (!/^application\/json\b/i.test(request.headers.get('content-type'))) {
    throw new ConnectError(415, 'invalid_request', 'Expected application/json');
  }
  if (Number(request.headers.get('content-length')) > LONGEST_BODY) {
    throw new ConnectError(413, 'invalid_request', 'Too long');
  }
  const body = await request.json().catch(() => null);
  const avatarId = body?.avatarId;
  if (typeof avatarId !== 'string') {
    throw new ConnectError(400, 'invalid_request', 'avatarId is required');
  }
  if (!AVATARS.has(avatarId)) throw new ConnectError(404, 'unknown_avatar', 'Unknown avatar');
  return avatarId;
}

async function connect(avatarId, signal) {
  const creating = create(avatarId, signal);
  let sessionId;
  try {
    sessionId = await orEnd(creating, signal);
    const sessionKey = await untilReady(sessionId, signal);
    signal.throwIfAborted();
    return { sessionId, sessionKey };
  } catch (error) {
    // It was not handed out, and it is paid for until it ends. If its id comes late, then late.
    const cancelled = creating.then(cancel, () => {});
    // A platform may stop us with the answer, so it waits for that; but not if Runway hangs.
    if (sessionId) await Promise.race([cancelled, sleep(LONGEST_CANCEL_MS)]);
    throw signal.aborted ? signal.reason : error;
  }
}

async function create(avatarId, signal) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Without the signal: if this were given up halfway, the session's id would be lost.
      const { id } = await runway().realtimeSessions.create({
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

async function untilReady(sessionId, signal) {
  for (;;) {
    const session = await look(sessionId, signal);
    if (session?.status === 'READY' && session.sessionKey) return session.sessionKey;
    if (session && session.status !== 'NOT_READY') {
      // RUNNING too: then another caller has used the key
      throw new ConnectError(500, 'session_failed', 'The session cannot be used');
    }
    await sleep(POLL_EVERY_MS, undefined, { signal });
  }
}

async function look(sessionId, signal) {
  try {
    return await runway().realtimeSessions.retrieve(sessionId, { signal });
  } catch (error) {
    const { status } = error;
    const passing = status === undefined || status === 429 || status >= 500;
    if (!passing || signal.aborted) throw error;
    return undefined; // looking changes nothing, so look again: the deadline ends this
  }
}

async function cancel(sessionId) {
  try {
    await runway().realtimeSessions.delete(sessionId, { maxRetries: 2 });
  } catch {
    console.warn(`session ${sessionId} could not be cancelled`);
  }
}

// Every failure gets a status that is no success, and none has Runway's own words.
function problemOf(error) {
  if (error instanceof ConnectError) return error;
  console.warn(`failed: ${error?.name} ${error?.status ?? ''}`);
  return new ConnectError(502, 'upstream_error', 'Failed to create session');
}
