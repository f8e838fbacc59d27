/**
 * What the types made of the admin document have to refuse and to allow; the compiler checks it.
 *
 * An error that is expected and does not come is an error.
 */

import type { Fake } from "./fake.js";
import type {
  AnswerOf,
  BodyOf,
  CallReport,
  components,
  Fault,
  OperationId,
  ScenarioData,
  ScriptStep,
  SessionForm,
} from "./shapes.js";

// Scenarios, forms, faults, effects and scripts are closed

export const scenario: ScenarioData = {
  account: { credits: "unlimited", faults: [{ effect: { delay: "2s" } }] },
  session: { provision_time: "never", script: [{ say: "Hello." }, { end: true }] },
  avatars: { "music-superstar": { provision_time: "1s" }, "tennis-coach": "slow" },
};
// @ts-expect-error: no such form
export const form: ScenarioData = { sesion: {} };
// @ts-expect-error: no such switch
export const misspelt: SessionForm = { provision_tim: "1s" };
// @ts-expect-error: another value
export const wrong: SessionForm = { running_on: "start" };
// @ts-expect-error: an effect is required
export const idle: Fault = { match: { operation: "createSession" } };
// @ts-expect-error: no such effect
export const unknown: Fault = { effect: { explode: true } };
// @ts-expect-error: no such operation
export const elsewhere: Fault = { effect: { status: 500 }, match: { operation: "createSesion" } };
// @ts-expect-error: no such step
export const shout: ScriptStep = { shout: "Hello." };
// @ts-expect-error: a join says who
export const joined: CallReport = { event: "joined", hidden: false };

// What has a default, and what may be left out, is optional

export const wait: BodyOf<"awaitCalls"> = {};
export const made: BodyOf<"makeSession"> = { state: "ready" };

// Maps are open, and their values are not any

const args: components["schemas"]["AnyObject"] = { euros: 25 };
// @ts-expect-error: its type is unknown
export const euros: number = args["euros"];

// Unions are told apart by what names them

type Entry = AnswerOf<"getTimeline">["entries"][number];

export function what(entry: Entry): string {
  switch (entry.kind) {
    case "exchange":
      return entry.request.body === null ? entry.method : entry.path;
    case "move":
      return entry.after;
    case "act":
      return entry.act;
  }
}

// Every operation has a typed answer, and those that answer nothing are known

type Untyped = {
  [Id in OperationId]: unknown extends AnswerOf<Id> ? Id : never;
}[OperationId];
export const untyped: Untyped[] = [];
export const impossible = (id: Untyped): never => id;
export const nothing: AnswerOf<"dropWorld"> = undefined;

// The client hands the types on

export async function use(fake: Fake): Promise<number | null> {
  const [call] = await fake.verify(1, { operation: "createSession" });
  // @ts-expect-error: no such state
  await fake.waitForSession("raedy");
  // @ts-expect-error: a number of calls and bounds contradict each other
  await fake.verify(1, { atLeast: 1 });
  return call?.response.status ?? (await fake.credits.get()).left;
}
