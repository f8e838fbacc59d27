// What bare_handler.py is, in Express, as a project would write a mock: `express.json()` and routes.
// `node express_handler.mjs FOLDER-OF-PACKAGES PORT '{"sessions": {id: session}, ...}'`.
import { createRequire } from "node:module";

const [packages, port, answers] = process.argv.slice(2);
const express = createRequire(`${packages}/`)("express");
const { sessions, created, credentials } = JSON.parse(answers);
const anySession = Object.values(sessions)[0];

const app = express();
app.use(express.json());
app.get("/v1/realtime_sessions/:id", (request, response) => {
  response.json(sessions[request.params.id] ?? anySession);
});
app.post("/v1/realtime_sessions", (request, response) => {
  response.json(created);
});
app.post("/v1/realtime_sessions/:id/consume", (request, response) => {
  response.json(credentials);
});
app.listen(Number(port), "127.0.0.1");
