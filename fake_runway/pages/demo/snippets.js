// What an application needs for the call that was just made, ready to copy. Tests run each of them.

export const LANGUAGES = [
  { id: "react", title: "React", about: "The official component, @runwayml/avatars-react." },
  { id: "fetch", title: "fetch", about: "Any JavaScript, in a browser or in Node 20." },
  { id: "curl", title: "curl", about: "A shell, to see what the endpoint answers." },
  {
    id: "pytest",
    title: "pytest",
    about: "A test of your server, with a world of its own. The plugin comes with fake-runway.",
  },
];

/** Return the code for a call.
 *
 * @param {string} language One of the ids above.
 * @param {object} call What was done: `endpoint`, `shape`, `avatarId`, `preset`, `base` (of the
 *   fake), `mode` (the name of a failure mode, or null), `onWorld` (it was set on the world), and
 *   `status`, which the endpoint answered.
 */
export function snippet(language, call) {
  return { react, fetch: plain, curl, pytest }[language](call);
}

const started = ({ mode, onWorld }, mark) =>
  mode && onWorld ? `${mark} The fake was started with: fake-runway up --scenario ${mode}\n` : "";

const connectUrl = ({ endpoint, shape }) =>
  shape === "session-key" ? `${endpoint}?shape=session-key` : endpoint;

function react(call) {
  const base = call.shape === "session-key" ? `\n      baseUrl=${quoted(call.base)}` : "";
  return `${started(call, "//")}import {
  AvatarCall,
  AvatarVideo,
  ControlBar,
} from "@runwayml/avatars-react";
import "@runwayml/avatars-react/styles.css";

export function Call() {
  return (
    <AvatarCall
      avatarId=${quoted(call.avatarId)}
      connectUrl=${quoted(connectUrl(call))}${base}
      onError={(error) => console.error(error.message)}
      onEnd={() => console.log("The call is over.")}
    >
      <AvatarVideo />
      <ControlBar />
    </AvatarCall>
  );
}
`;
}

function plain(call) {
  const consume = `
const consumed = await fetch(\`${call.base}/v1/realtime_sessions/\${body.sessionId}/consume\`, {
  method: "POST",
  headers: { Authorization: \`Bearer \${body.sessionKey}\`, "Content-Type": "application/json" },
  body: "{}",
});
if (!consumed.ok) throw new Error(\`\${consumed.status}: \${(await consumed.json()).error}\`);
const { url, token } = await consumed.json();
console.log(url, token.length);
`;
  const joins = `
const { serverUrl, token } = body; // LiveKit's client joins with these
console.log(serverUrl, token.length);
`;
  return `${started(call, "//")}const answer = await fetch(${quoted(connectUrl(call))}, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ avatarId: ${quoted(call.avatarId)} }),
});
const body = await answer.json();
if (!answer.ok) throw new Error(\`\${answer.status}: \${body.error}\`);
${call.shape === "session-key" ? consume : joins}`;
}

function curl(call) {
  const ask = `curl -s -H 'Content-Type: application/json' \\
  -d '{"avatarId": "${call.avatarId}"}' '${connectUrl(call)}'`;
  if (call.shape !== "session-key") {
    return `${started(call, "#")}${ask} \\
  -w '\\n%{http_code}\\n'
`;
  }
  return `${started(call, "#")}answer=$(${ask})
echo "$answer"
part() { printf %s "$answer" | sed -n "s/.*\\"$1\\": *\\"\\([^\\"]*\\)\\".*/\\1/p"; }
curl -s -X POST -H "Authorization: Bearer $(part sessionKey)" \\
  "${call.base}/v1/realtime_sessions/$(part sessionId)/consume" -w '\\n%{http_code}\\n'
`;
}

function pytest(call) {
  const marker = call.mode ? `@pytest.mark.fake_runway(scenario=${quoted(call.mode)})\n` : "";
  const parts = [
    "import json\nimport os\nimport subprocess",
    "from urllib.error import HTTPError\nfrom urllib.request import Request, urlopen\n",
  ];
  if (marker) parts.push("import pytest\n");
  return `${parts.join("\n")}
SERVER = ["runway-gateway", "serve", "--port=0"]  # yours; it prints the URL of its endpoint


${marker}def test_connect(fake_runway):
    environment = os.environ | fake_runway.env
    with subprocess.Popen(SERVER, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            endpoint = server.stdout.readline().split()[1]
            request = Request(
                endpoint + "?shape=${call.shape}",
                data=json.dumps({"avatarId": ${quoted(call.preset)}}).encode(),
                headers={"Content-Type": "application/json"},
            )
            try:
                with urlopen(request) as answer:
                    status = answer.status
            except HTTPError as error:
                status = error.code
        finally:
            server.terminate()
    assert status == ${call.status}
`;
}

const quoted = (text) => JSON.stringify(text);
