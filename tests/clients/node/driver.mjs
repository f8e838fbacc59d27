// The official Node clients, driven from Python: one JSON line in, one JSON line out.
//
// In:  {"call": "realtimeSessions.retrieve", "args": ["..."]}. "avatars.x" is `x` of
//      @runwayml/avatars/api; anything else is a method of the SDK's client, which reads
//      RUNWAYML_* from the environment as it does in an application.
// Out: {"value": ...} or {"error": {name, status, code, message}}. Python judges.

import readline from 'node:readline';

import * as avatars from '@runwayml/avatars/api';
import Runway from '@runwayml/sdk';

const targets = Object.assign(new Runway(), { avatars });

function method(path) {
  const names = path.split('.');
  const last = names.pop();
  const owner = names.reduce((target, name) => target[name], targets);
  return owner[last].bind(owner);
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { call, args } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await method(call)(...args)) ?? null };
  } catch (error) {
    const { status, code, message } = error;
    answer = { error: { name: error.constructor.name, status, code, message } };
  }
  console.log(JSON.stringify(answer));
}
