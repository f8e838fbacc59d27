// The page of a user of Runway's avatars: the official component, and what it says written down.
//
// The query says how it is used: `connect` is the URL of the gateway, `base` that of the fake (for a
// session key), `bearer` a token for a `connect` callback of its own, `strict` asks for StrictMode.

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import {
  AvatarCall,
  AvatarVideo,
  ControlBar,
  UserVideo,
  useTranscript,
} from "@runwayml/avatars-react";
import "@runwayml/avatars-react/styles.css";

const query = new URLSearchParams(location.search);
const avatarId = query.get("avatar") ?? "cat-character";

// What tests read: events of the avatar, the transcript, errors, and how often the call ended.
const seen = { events: [], transcript: [], errors: [], ended: 0 };
window.seen = seen;

// Every peer connection of the page, for its statistics.
window.peers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...options) {
    super(...options);
    window.peers.push(this);
  }
};

window.statistics = async () => {
  const found = { opened: window.peers.length };
  for (const peer of window.peers) {
    for (const one of (await peer.getStats()).values()) {
      if (one.type === "inbound-rtp") found[one.kind] = one;
    }
  }
  return found;
};

async function connectWithToken(avatar) {
  const response = await fetch(query.get("connect"), {
    method: "POST",
    headers: { authorization: `Bearer ${query.get("bearer")}`, "content-type": "application/json" },
    body: JSON.stringify({ avatarId: avatar }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

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

const page = query.has("strict") ? <StrictMode><Page /></StrictMode> : <Page />;
createRoot(document.getElementById("root")).render(page);
