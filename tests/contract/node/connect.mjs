// The connect flow of a correct gateway with the official Node SDK; two doors lead to it.

import { setTimeout as sleep } from 'node:timers/promises';

import Runway from '@runwayml/sdk';

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
const DEADLINE_MS = 1000 * Number(process.env.CONNECT_TIMEOUT_S ?? 30);
const POLL_EVERY_MS = 250;
const runway = new Runway({ maxRetries: 0 });

export class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// What a caller is told, whatever was thrown.
export function problemOf(error) {
  if (error instanceof Problem) return error;
  return new Problem(502, 'the session service failed');
}

// Returns credentials; `gone` is a signal that the caller has left.
export async function connect(body, gone) {
  const avatar = wanted(body?.avatarId);
  const ending = new AbortController();
  const late = new Problem(504, 'the session was not ready in time');
  const deadline = setTimeout(() => ending.abort(late), DEADLINE_MS);
  const left = () => ending.abort(new Problem(499, 'nobody is there'));
  gone.addEventListener('abort', left);
  const creating = create(avatar, ending.signal); // never given up: it may have made a session
  try {
    const { id: sessionId } = await orAborted(creating, ending.signal);
    if (typeof sessionId !== 'string') throw new Problem(502, 'there is no session');
    const sessionKey = await untilReady(sessionId, ending.signal);
    const { url, token, roomName } = await consume(sessionId, sessionKey, ending.signal);
    ending.signal.throwIfAborted();
    return { sessionId, serverUrl: url, token, roomName };
  } catch (error) {
    creating.then(({ id }) => id && cancel(id)).catch(() => {});
    throw ending.signal.aborted ? ending.signal.reason : error;
  } finally {
    clearTimeout(deadline);
    gone.removeEventListener('abort', left);
  }
}

function wanted(avatarId) {
  if (typeof avatarId !== 'string') throw new Problem(400, 'avatarId is missing');
  if (PRESETS.has(avatarId)) return { type: 'runway-preset', presetId: avatarId };
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(avatarId)) {
    return { type: 'custom', avatarId };
  }
  throw new Problem(404, 'no such avatar');
}

function orAborted(promise, signal) {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    promise.then(resolve, reject);
  });
}

async function create(avatar, signal) {
  for (let left = 2; ; left -= 1) {
    try {
      return await runway.realtimeSessions.create({ model: 'gwm1_avatars', avatar });
    } catch (error) {
      if (!left || ![429, 503].includes(error.status)) throw error;
      const asked = Number(error.headers?.get('retry-after') ?? 0);
      await sleep(Math.max(300, 1000 * asked), undefined, { signal });
    }
  }
}

async function untilReady(sessionId, signal) {
  for (;;) {
    const session = await look(sessionId, signal);
    if (session?.status === 'READY') {
      if (typeof session.sessionKey !== 'string') throw new Problem(502, 'there is no key');
      return session.sessionKey;
    }
    if (session && session.status !== 'NOT_READY') throw new Problem(502, 'the session is over');
    await sleep(POLL_EVERY_MS, undefined, { signal });
  }
}

async function look(sessionId, signal) {
  try {
    const session = await runway.realtimeSessions.retrieve(sessionId, { signal });
    return session !== null && typeof session === 'object' ? session : undefined;
  } catch (error) {
    const passing = !(error.status < 500) || error.status === 429;
    if (!passing || signal.aborted) throw error;
    return undefined;
  }
}

async function consume(sessionId, sessionKey, signal) {
  const room = await runway.post(`/v1/realtime_sessions/${sessionId}/consume`, {
    headers: { Authorization: `Bearer ${sessionKey}` },
    signal,
  });
  if (![room?.url, room?.token, room?.roomName].every((each) => typeof each === 'string')) {
    throw new Problem(502, 'there are no credentials');
  }
  return room;
}

async function cancel(sessionId) {
  await runway.realtimeSessions.delete(sessionId, { maxRetries: 2 });
}
