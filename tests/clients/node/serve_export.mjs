// What Next.js does with the two kinds of modules that the seeds contain, over plain HTTP.
//
//   node serve_export.mjs route module.mjs            `POST(Request): Response`, a route handler
//   node serve_export.mjs action module.mjs NAME      NAME(avatarId): object, a server action;
//                                                     here a POST of {avatarId} is answered by it
//
// Both answer POST alone. Next.js checks what calls an action; here it has to be declared as JSON.

import http from 'node:http';
import { pathToFileURL } from 'node:url';

const [kind, path, name = 'POST'] = process.argv.slice(2);
const exported = (await import(pathToFileURL(path)))[name];

const route = (request) => exported(request);
const action = async (request) => Response.json(await exported((await request.json()).avatarId));
const handle = { route, action }[kind];

async function answer(incoming, outgoing) {
  if (incoming.method !== 'POST') return outgoing.writeHead(405).end();
  const json = /^application\/json\b/i.test(incoming.headers['content-type']);
  if (kind === 'action' && !json) return outgoing.writeHead(415).end();
  const left = new AbortController();
  outgoing.once('close', () => left.abort());
  const chunks = await incoming.toArray();
  const response = await handle(
    new Request(`http://127.0.0.1${incoming.url}`, {
      method: incoming.method,
      headers: Object.entries(incoming.headers),
      body: Buffer.concat(chunks),
      signal: left.signal,
    }),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(await response.text());
}

http
  .createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error) => {
      console.error(error);
      outgoing.writeHead(500).end();
    });
  })
  .listen(0);
