// The connect flow as a route handler of Next.js, behind the little of Next.js that it needs.

import http from 'node:http';

import { Problem, connect, problemOf } from './connect.mjs';

const LONGEST_BODY = 64 * 1024;

export async function POST(request) {
  try {
    const text = await request.text();
    if (text.length > LONGEST_BODY) throw new Problem(413, 'the body is too big');
    return Response.json(await connect(parsed(text), request.signal));
  } catch (error) {
    const { message, status } = problemOf(error);
    return Response.json({ error: message }, { status });
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem(400, 'expected JSON');
  }
}

async function answer(incoming, outgoing) {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const request = new Request(`http://127.0.0.1${incoming.url}`, {
    method: incoming.method,
    headers: incoming.headers,
    body: Buffer.concat(await incoming.toArray()),
    signal: gone.signal,
  });
  const response = await POST(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(await response.text());
}

http
  .createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  })
  .listen(Number(process.env.PORT), '127.0.0.1');
