// An application of yours: it reads RUNWAYML_BASE_URL and RUNWAYML_API_SECRET, and knows no fake.
import RunwayML from "@runwayml/sdk";

/** Create a session and return its id and key once it is READY. */
export async function connect(presetId, { pollMs = 1000 } = {}) {
  const runway = new RunwayML();
  const avatar = { type: "runway-preset", presetId };
  const { id } = await runway.realtimeSessions.create({ model: "gwm1_avatars", avatar });
  for (;;) {
    const session = await runway.realtimeSessions.retrieve(id);
    if (session.status === "READY") return { sessionId: id, sessionKey: session.sessionKey };
    if (session.status !== "NOT_READY") throw new Error(`the session is ${session.status}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
