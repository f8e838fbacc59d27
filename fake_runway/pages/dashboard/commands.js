// What can be done to a world: each as a request of the admin API, a curl and a line of Python.

import { address, hasToken } from "/__pages/admin.js";

const enc = encodeURIComponent;

/** Return a value as Python writes it. */
export function python(value) {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object") {
    const pairs = Object.entries(value).map(([key, one]) => `${python(key)}: ${python(one)}`);
    return `{${pairs.join(", ")}}`;
  }
  return JSON.stringify(value).replace(/\\u(?=[0-9a-f]{4})/g, "\\u");
}

const command = (world, method, path, body, line, more = {}) =>
  ({ world, method, path, body, line, ...more });

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Return a command as a curl. */
export function curl({ method, path, body, world }) {
  const parts = ["curl"];
  if (method !== "GET") parts.push("-X", method);
  if (hasToken()) parts.push("-H", '"X-Fake-Admin-Token: $FAKE_RUNWAY_ADMIN_TOKEN"');
  if (body !== undefined) {
    parts.push("-H", "'Content-Type: application/json'", "-d", quoted(JSON.stringify(body)));
  }
  return [...parts, quoted(location.origin + address(world, path))].join(" ");
}

/** Return a command as Python, with the client that it needs. */
export function pythonOf({ line, world }) {
  const token = hasToken() ? ', token=os.environ["FAKE_RUNWAY_ADMIN_TOKEN"]' : "";
  const named = world === null ? "" : `, world=${python(world)}`;
  return [
    ...(token ? ["import os"] : []),
    "from fake_runway.client import Admin",
    `fake = Admin(${python(location.origin)}${named}${token})`,
    line,
  ].join("\n");
}

export const commandsOf = (world) => ({
  freeze: () => command(world, "PUT", "/clock", { rate: 0 }, "fake.clock.freeze()"),
  rate: (rate) => command(world, "PUT", "/clock", { rate }, `fake.clock.set_rate(${rate})`),
  jump: (by) => command(world, "POST", "/clock/move", { by }, `fake.clock.jump(${python(by)})`),
  next: () => command(world, "POST", "/clock/move", { to: "next" }, "fake.clock.next()"),

  sessions: {
    ...resources(world, "sessions"),
    say: (id, text) => direct(world, id, { say: { text } }, `say(${python(text)})`),
    clientEvent: (id, tool, args) =>
      direct(world, id, { client_event: { tool, args } }, `client_event(${python(tool)}, ${python(args)})`),
    callTool: (id, tool, args) =>
      direct(world, id, { call_tool: { tool, args } }, `call_tool(${python(tool)}, ${python(args)})`),
    hangUp: (id) => direct(world, id, { end: true }, "hang_up()"),
  },
  tasks: resources(world, "tasks"),
  assets: {
    ...resources(world, "assets"),
    make: (state, kind) =>
      command(world, "POST", "/assets", { kind, state }, `fake.assets.make(${python(kind)}, ${python(state)})`),
    fail: (id, code, text) =>
      command(world, "POST", `/assets/${enc(id)}/events`, { event: "failed", failure: { code, text } },
        `fake.assets.occur(${python(id)}, "failed", failure=(${python(code)}, ${python(text)}))`),
  },

  scenario: (name) => command(world, "PUT", "/scenario", { name }, `fake.scenario(${python(name)})`),
  fault: (data) => command(world, "POST", "/faults", data, `fake.fault(${python(data)})`),
  removeFault: (name) =>
    command(world, "DELETE", `/faults/${enc(name)}`, undefined,
      `fake.remove_fault(${python(name)})`),
  removeFaults: () => command(world, "DELETE", "/faults", undefined, "fake.remove_faults()"),
  bindAvatar: (avatar, form) =>
    command(world, "PUT", `/avatars/${enc(avatar)}`, form, `fake.bind_avatar(${python(avatar)}, ${python(form)})`),
  unbindAvatar: (avatar) =>
    command(world, "DELETE", `/avatars/${enc(avatar)}`, undefined, `fake.unbind_avatar(${python(avatar)})`),
  seed: () => command(world, "GET", "/seed", undefined, "print(fake.seed())"),
  applySeed: (seed) => command(world, "POST", "/seed", seed, `fake.apply_seed(${python(seed)})`),
  credits: (left) => command(world, "PUT", "/credits", { left }, `fake.credits.set(${left})`),

  snapshot: (name) =>
    command(world, "POST", "/snapshots", name ? { name } : {}, `fake.snapshot(${name ? python(name) : ""})`),
  restore: (name) =>
    command(world, "POST", `/snapshots/${enc(name)}/restore`, undefined, `fake.restore(${python(name)})`),
  deleteSnapshot: (name) =>
    command(world, "DELETE", `/snapshots/${enc(name)}`, undefined, `fake.delete_snapshot(${python(name)})`),
  fork: (name) => command(world, "POST", "/fork", { name }, `fake.fork(${python(name)})`),
  reset: () => command(world, "POST", "/reset", {}, "fake.reset()"),
  drop: () => command(world, "DELETE", "/world", undefined, "fake.drop()"),
  clearJournal: () => command(world, "DELETE", "/journal", undefined, "fake.journal.clear()"),
  replayToken: () => command(world, "GET", "/replay", undefined, "print(fake.replay_token())"),
  replay: (name, token) =>
    command(world, "POST", "/replay", { name, token },
      `fake.replay(${python(token)}, name=${python(name)})`),
});

/** Return what can be done to resources that the admin API has at `/<name>` and its clients as `<name>`. */
const resources = (world, name) => ({
  make: (state) =>
    command(world, "POST", `/${name}`, { state }, `fake.${name}.make(${python(state)})`),
  occur: (id, event) =>
    command(world, "POST", `/${name}/${enc(id)}/events`, { event },
      `fake.${name}.occur(${python(id)}, ${python(event)})`),
  fail: (id, code, text) =>
    command(world, "POST", `/${name}/${enc(id)}/events`, { event: "failed", failure: { code, text } },
      `fake.${name}.fail(${python(id)}, ${python(code)}, ${python(text)})`),
  timeline: (id) =>
    command(world, "GET", `/${name}/${enc(id)}/timeline`, undefined,
      `print(*fake.${name}.timeline(${python(id)}).lines, sep="\\n")`),
});

const direct = (world, id, body, call) =>
  command(world, "POST", `/sessions/${enc(id)}/script`, body, `fake.sessions.get(${python(id)}).${call}`);
