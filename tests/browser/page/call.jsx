// The page of a user of Runway's avatars: the official component, and what it says written down.
//
// The query says how it is used: `connect` is the URL of the gateway, `base` that of the fake (for a
// session key), `bearer` a token for a `connect` callback of its own, `strict` asks for StrictMode,
// `click` for a button that begins the call.

import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import {
  AvatarCall,
  AvatarVideo,
  ControlBar,
  UserVideo,
  useTranscript,
} from "@runwayml/avatars-react";
import "@runwayml/avatars-react/styles.css";
import { connect, query, seen, timeFirstPicture } from "./seen.js";

const avatarId = query.get("avatar") ?? "cat-character";
const connectWithToken = (avatar) =>
  connect(avatar, { authorization: `Bearer ${query.get("bearer")}` });

function Transcript() {
  const entries = useTranscript({ interim: true });
  seen.transcript = entries.map(({ text, channel }) => ({ text, channel }));
  return (
    <ul>
      {entries.map((entry) => (
        <li key={entry.id}>{entry.text}</li>
      ))}
    </ul>
  );
}

function Page() {
  const how = query.has("bearer")
    ? { connect: connectWithToken }
    : { connectUrl: query.get("connect") };
  return (
    <AvatarCall
      avatarId={avatarId}
      {...how}
      baseUrl={query.get("base") ?? undefined}
      onClientEvent={(event) => seen.events.push(event)}
      onError={(error) => seen.errors.push(error.message)}
      onEnd={() => seen.ended++}
    >
      <AvatarVideo />
      <UserVideo />
      <ControlBar />
      <Transcript />
    </AvatarCall>
  );
}

function Start() {
  const [begun, begin] = useState(!query.has("click"));
  const click = () => {
    timeFirstPicture();
    begin(true);
  };
  return begun ? <Page /> : <button onClick={click}>Start the call</button>;
}

const page = query.has("strict") ? <StrictMode><Start /></StrictMode> : <Start />;
createRoot(document.getElementById("root")).render(page);
