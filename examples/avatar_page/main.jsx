// A page with the official component: choose an avatar, talk to it, hang up, see why it failed.
//
// Where its two servers are stands in the page's address, so that no build is needed to change it:
// `connect` is the connect endpoint, `base` the Runway API. Only an endpoint that answers with a
// session key needs the second: the browser then consumes the session.

import { useState } from "react";
import { createRoot } from "react-dom/client";
import { AvatarCall, AvatarVideo, ControlBar, UserVideo, useTranscript } from "@runwayml/avatars-react";
import "@runwayml/avatars-react/styles.css";

const query = new URLSearchParams(location.search);
const connectUrl = query.get("connect") ?? "http://127.0.0.1:4011/api/avatar/connect";
const baseUrl = query.get("base") ?? "http://127.0.0.1:4010";
const AVATARS = ["cat-character", "music-superstar", "tennis-coach", "cooking-teacher"];

function Transcript() {
  const entries = useTranscript({ interim: true });
  return (
    <ol aria-label="Transcript">
      {entries.map((entry) => (
        <li key={entry.id}>{entry.text}</li>
      ))}
    </ol>
  );
}

function Page() {
  const [avatarId, setAvatarId] = useState(AVATARS[0]);
  const [calling, setCalling] = useState(false);
  const [problem, setProblem] = useState("");

  function call(event) {
    event.preventDefault();
    setProblem("");
    setCalling(true);
  }

  function failed(error) {
    setProblem(error.message);
    setCalling(false);
  }

  return (
    <>
      <h1>Talk to an avatar</h1>
      <form onSubmit={call}>
        <select
          aria-label="Avatar"
          value={avatarId}
          disabled={calling}
          onChange={(event) => setAvatarId(event.target.value)}
        >
          {AVATARS.map((id) => (
            <option key={id}>{id}</option>
          ))}
        </select>
        <button disabled={calling}>Call</button>
      </form>
      {problem && <p role="alert">{problem}</p>}
      {calling && (
        <AvatarCall
          avatarId={avatarId}
          connectUrl={connectUrl}
          baseUrl={baseUrl}
          onError={failed}
          onEnd={() => setCalling(false)}
        >
          <AvatarVideo />
          <UserVideo />
          <ControlBar />
          <Transcript />
        </AvatarCall>
      )}
    </>
  );
}

createRoot(document.getElementById("root")).render(<Page />);
