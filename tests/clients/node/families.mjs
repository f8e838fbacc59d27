// One call of the official Node SDK for each family of resources, and both of its helpers: for
// uploads and for waiting. Prints what came of them as one line of JSON; Python judges.
//
// NO_WAITING is a module with the lines of docs/tasks.md, which use `fake`.

import Runway from '@runwayml/sdk';

const base = process.env.RUNWAYML_BASE_URL;
const headers = {
  'Content-Type': 'application/json',
  Authorization: `Bearer ${process.env.RUNWAYML_API_SECRET}`,
};
const moves = [];
globalThis.fake = {
  clock: {
    async jump(by) {
      moves.push(by);
      const body = JSON.stringify({ by });
      const answer = await fetch(`${base}/__admin/clock/move`, { method: 'POST', headers, body });
      if (!answer.ok) throw new Error(await answer.text());
    },
  },
};
await import(process.env.NO_WAITING);

const client = new Runway({ maxRetries: 0 });
const picture = new File([Buffer.from(process.env.PICTURE, 'base64')], 'cat.png');
const upload = await client.uploads.createEphemeral({ file: picture });
const made = await client.imageToVideo
  .create({
    model: 'gen4_turbo',
    promptImage: upload.uri,
    promptText: 'A cat.',
    ratio: '1280:720',
    duration: 5,
  })
  .waitForTaskOutput();
const failed = await client.textToVideo
  .create({
    model: 'gen4.5',
    promptText: 'A cat [fake:safety-input-text]',
    ratio: '1280:720',
    duration: 5,
  })
  .waitForTaskOutput()
  .catch((error) => error.taskDetails);
const session = await client.realtimeSessions.create({
  model: 'gwm1_avatars',
  avatar: { type: 'runway-preset', presetId: 'music-superstar' },
});
const results = {
  uploads: upload.uri,
  tasks: made.status,
  failure: failed.failureCode,
  realtimeSessions: (await client.realtimeSessions.retrieve(session.id)).status,
  avatars: (await client.avatars.list({ limit: 1 })).data.length,
  avatarConversations: (await client.avatarConversations.retrieve(session.id)).status,
  organization: (await client.organization.retrieve()).creditBalance,
  usage: (await client.organization.retrieveUsage()).results.length,
  moves: moves.length,
};
console.log(JSON.stringify(results));
