// The same behind HTTP: POST /api/connect with {"presetId": ...}.
import { createServer } from "node:http";

import { connect } from "./connect.mjs";

/** Serve on any free port, and return the server and its address. */
export async function serve() {
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    const answer = (status, body) => {
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    };
    try {
      answer(200, await connect(JSON.parse(text).presetId));
    } catch {
      answer(502, { error: "No session could be created." });
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}
