// The backend of an application: its tools, by the official package, until stdin is closed.
import { createRpcHandler } from "@runwayml/avatars-node-rpc";

const handler = await createRpcHandler({
  baseUrl: process.env.RUNWAYML_BASE_URL,
  apiKey: process.env.RUNWAYML_API_SECRET,
  sessionId: process.argv[2],
  tools: {
    async add({ a, b }) {
      return { sum: a + b };
    },
    async fail() {
      throw new Error("the shop is closed");
    },
  },
});
console.log("connected");
process.stdin.resume();
process.stdin.on("end", async () => {
  await handler.close();
  process.exit(0);
});
