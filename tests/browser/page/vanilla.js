// The page of a user without a framework: the official SDK alone, with a session key.

import { AvatarEvent, streamTo } from "@runwayml/avatars";
import { connect, query, seen } from "./seen.js";

const video = document.createElement("video");
video.width = 640;
const button = document.createElement("button");
button.textContent = "Hang up";
document.getElementById("root").append(video, button);

try {
  const credentials = await connect("cat-character");
  const session = await streamTo({
    credentials: { ...credentials, baseUrl: query.get("base") },
    target: video,
  });
  session.on(AvatarEvent.Transcript, ({ text }) => seen.transcript.push({ text }));
  session.on(AvatarEvent.ClientEvent, (event) => seen.events.push(event));
  session.on(AvatarEvent.Error, (error) => seen.errors.push(error.message));
  session.on(AvatarEvent.StateChanged, (state) => seen.states.push(state));
  button.onclick = () => session.end();
  seen.states.push(session.state);
} catch (error) {
  seen.errors.push(error.message);
}
