// How the demo page uses the admin API: a world's name, empty for the server, and a stream to follow.

import { AdminError, eventsOf, keepToken, listen, request } from "/__pages/admin.js";

export { keepToken };

/** Ask the admin API for a world; return the JSON of its answer. */
export const admin = (world, method, path, body, options = {}) =>
  request({ world: world || null, method, path, body }, options);

/** Call `take` with each event of a world until `signal` is aborted; come back after breaks.
 *
 * `last` is the id of the event to continue after; empty: from now on. */
export async function follow(world, last, take, signal) {
  for (let pause = 500; !signal.aborted; pause = Math.min(pause * 2, 8_000)) {
    try {
      const answer = await listen(world || null, "", last ? { "Last-Event-ID": last } : {}, signal);
      if (!answer.ok) throw new AdminError(answer.status, { error: await answer.text() });
      for await (const events of eventsOf(answer.body)) {
        for (const event of events) {
          if (event.id) last = event.id;
          take(event);
        }
        pause = 500;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof AdminError && error.status === 401) throw error;
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}
