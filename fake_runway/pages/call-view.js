// <call-view>: joins a call of the fake's own room by WHEP, shows the avatar, and hangs up.
//
//   const view = document.querySelector("call-view");
//   view.addEventListener("state", ({ detail }) => console.log(detail.state, detail.text));
//   await view.join({ url, token }); // where its `serverUrl` leads, with http and /whep
//   await view.hear(track); // of a microphone: the room hears it, in this call and later ones
//   await view.leave();
//
// Its states, also as its attribute `state`:
//   idle        nothing is joined
//   connecting  the room was asked, or its media is on its way
//   waiting     connected; the avatar has yet to appear
//   ready       the avatar's picture moves
//   ended       the call is over; `text` says why
//   error       there is no call; `text` says why
//
// Events: `state`; `transcript`, with {role, turn, text} as it grows; `clientevent`, with {tool, args};
// `toolcall`, with {id, tool, args}; `speaking`, with {on}; `message`, with every text of the room.
// What the room sends is only ever shown as text.

const REASONS = {
  ROOM_DELETED: "The call is over.",
  ROOM_CLOSED: "The session has reached its limit.",
  AGENT_ERROR: "The session has failed.",
  SERVER_SHUTDOWN: "The server stops.",
  DUPLICATE_IDENTITY: "Another client has joined in its place.",
  MEDIA_FAILURE: "The connection broke.",
  CONNECTION_TIMEOUT: "No media came within 12 s: the room is on this machine alone.",
};
const MOST_REJOINS = 3;
const PATIENCE_MS = 15_000;

export class CallView extends HTMLElement {
  #call = null;
  #video = null;
  #status = null;
  #words = null;
  #sound = null;
  #microphone = null;

  connectedCallback() {
    if (this.#video) return;
    this.#video = Object.assign(document.createElement("video"), {
      autoplay: true,
      playsInline: true,
    });
    this.#video.setAttribute("aria-label", "The avatar");
    this.#video.addEventListener("playing", () => this.#call?.shown());
    this.#status = part("p", "call-view-status");
    this.#status.setAttribute("role", "status");
    this.#words = part("p", "call-view-words");
    this.#words.setAttribute("aria-live", "off");
    this.#sound = part("button", "call-view-sound");
    this.#sound.type = "button";
    this.#sound.addEventListener("click", () => this.mute(!this.#video.muted));
    this.append(this.#video, this.#words, this.#status, this.#sound);
    this.mute(this.hasAttribute("muted"));
    this.#become("idle", "");
    addEventListener("pagehide", this.#gone);
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.#gone);
    this.#call?.leave(true);
    this.#call = null;
  }

  #gone = () => this.#call?.leave(true);

  get state() {
    return this.getAttribute("state");
  }

  /** Switch the sound off or on. */
  mute(muted) {
    this.#video.muted = muted;
    this.#sound.textContent = muted ? "Sound on" : "Sound off";
    this.#sound.setAttribute("aria-pressed", String(!muted));
  }

  /** Join; return once the room has answered. A `viewer` watches, and never asks to be let in anew. */
  async join({ url, token, viewer = false }) {
    this.#call?.leave(true);
    this.#words.textContent = "";
    const call = new Call(url, token, viewer, {
      microphone: () => this.#microphone,
      become: (state, text) => this.#call === call && this.#become(state, text),
      play: (stream) => this.#play(stream),
      told: (message) => this.#told(message),
    });
    this.#call = call;
    await call.join();
  }

  /** Hang up; return once the room knows. */
  async leave() {
    const call = this.#call;
    if (!call?.open) return;
    this.#become("ended", "You have hung up.");
    this.#call = null;
    await call.leave(false);
  }

  /** Send the track of a microphone from now on, or nothing: null. A viewer sends none. */
  async hear(track) {
    this.#microphone = track;
    await this.#call?.hear(track);
  }

  /** Answer a tool call: with a result, with an error's text, or with null for an unknown tool. */
  answer(id, { result, error }) {
    const answer = error === undefined ? { result } : { error };
    this.#call?.send({ type: "tool_answer", id, ...answer });
  }

  /** Send anything to the room. */
  send(message) {
    this.#call?.send(message);
  }

  /** Return what the browser counts of the picture and the sound. */
  async statistics() {
    return this.#call?.statistics();
  }

  async #play(stream) {
    this.#video.srcObject = stream;
    try {
      await this.#video.play();
    } catch (error) {
      if (error.name !== "NotAllowedError") return; // it was replaced
      this.mute(true); // browsers let pages play sound once they were clicked
      this.#video.play().catch(() => {});
    }
  }

  #become(state, text) {
    if (state !== "ready" && state !== "waiting" && state !== "connecting") {
      this.#video.srcObject = null;
    }
    if (this.state === state && this.#status.textContent === text) return;
    this.setAttribute("state", state);
    this.#status.textContent = text;
    this.#send("state", { state, text });
  }

  #told(message) {
    this.#send("message", message);
    switch (message.type) {
      case "transcription":
        this.#said(message.role, message.turn, message.whole);
        break;
      case "client_event":
        this.#send("clientevent", { tool: message.tool, args: message.args });
        break;
      case "tool_call":
        if (this.#send("toolcall", message)) this.answer(message.id, { error: null });
        break;
      case "speaking":
        this.toggleAttribute("speaking", message.on);
        this.#send("speaking", { on: message.on });
        break;
    }
  }

  #said(role, turn, text) {
    this.#words.textContent = text.length > 160 ? `… ${text.slice(-150)}` : text;
    this.#send("transcript", { role, turn, text });
  }

  /** Dispatch an event; return whether no listener has called preventDefault. */
  #send(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, { detail, cancelable: true }));
  }
}

/** One call: a peer connection at a time. */
class Call {
  #url;
  #token;
  #viewer;
  #view;
  #peer = null;
  #sender = null; // of the microphone
  #channel = null;
  #location = null;
  #rejoins = 0;
  #said = new Map(); // what was said so far, by role and turn
  #avatar = false; // it has appeared
  #moves = false; // its picture
  #patience = 0;
  open = false;

  constructor(url, token, viewer, view) {
    this.#url = url;
    this.#token = token;
    this.#viewer = viewer;
    this.#view = view;
  }

  async join() {
    this.open = true;
    this.#moves = false;
    this.#view.become("connecting", this.#rejoins ? "Joining again …" : "Joining the room …");
    const peer = (this.#peer = new RTCPeerConnection());
    const stream = new MediaStream();
    // a page may send its microphone at any time, without another offer
    const direction = this.#viewer ? "recvonly" : "sendrecv";
    this.#sender = peer.addTransceiver("audio", { direction }).sender;
    peer.addTransceiver("video", { direction: "recvonly" });
    const channel = (this.#channel = peer.createDataChannel("events"));
    channel.onmessage = ({ data }) => this.#received(data);
    channel.onclose = () => this.#lost(peer);
    peer.onconnectionstatechange = () => {
      if (peer.connectionState === "failed") this.#lost(peer);
    };
    peer.ontrack = ({ track }) => {
      stream.addTrack(track);
      if (track.kind === "video") this.#view.play(stream);
    };
    this.#patience = setTimeout(() => this.#end("error", REASONS.CONNECTION_TIMEOUT), PATIENCE_MS);
    try {
      await this.hear(this.#view.microphone());
      await peer.setLocalDescription();
      const answer = await fetch(this.#url, {
        method: "POST",
        headers: { Authorization: `Bearer ${this.#token}`, "Content-Type": "application/sdp" },
        body: peer.localDescription.sdp,
      });
      const text = await answer.text();
      if (this.#peer !== peer) return;
      if (answer.status !== 201) {
        this.#end("error", `The room answered ${answer.status}: ${text.slice(0, 500)}`);
        return;
      }
      this.#location = new URL(answer.headers.get("Location"), this.#url).href;
      await peer.setRemoteDescription({ type: "answer", sdp: text });
    } catch (error) {
      if (this.#peer === peer) this.#end("error", `The room cannot be joined: ${error.message}`);
    }
  }

  /** The picture moves. */
  shown() {
    clearTimeout(this.#patience);
    this.#moves = true;
    this.#settle();
  }

  #settle() {
    if (!this.open) return;
    if (!this.#avatar) this.#view.become("waiting", "Waiting for the avatar …");
    else if (this.#moves) this.#view.become("ready", "");
  }

  #received(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      message = null; // a scenario may send anything
    }
    if (message === null || typeof message !== "object") {
      this.#view.told({ type: "data", text: String(data).slice(0, 500) });
      return;
    }
    switch (message.type) {
      case "joined":
        clearTimeout(this.#patience);
        this.#avatar = message.avatar === true;
        this.#settle();
        break;
      case "avatar":
        this.#avatar = true;
        this.#settle();
        break;
      case "transcription":
        message.whole = this.#grown(`${message.role} ${message.turn}`, message.text, true);
        break;
      case "native_transcription":
        message = {
          type: "transcription",
          role: String(message.by).startsWith("worker:") ? "assistant" : "user",
          turn: message.id,
          whole: this.#grown(`${message.by} ${message.id}`, message.text, false),
        };
        break;
      case "ended":
        this.#view.told(message);
        if (message.reason === "MEDIA_FAILURE") return; // it may join anew
        this.#end("ended", REASONS[message.reason] ?? `The room closed: ${message.reason}.`);
        return;
    }
    this.#view.told(message);
  }

  #grown(key, text, append) {
    const whole = ((append ? this.#said.get(key) : "") ?? "") + String(text);
    this.#said.set(key, whole.slice(-5_000));
    return whole.slice(-5_000);
  }

  /** The connection broke without a word. */
  #lost(peer) {
    if (!this.open || this.#peer !== peer) return;
    this.#close();
    if (this.#viewer || this.#rejoins >= MOST_REJOINS) {
      this.#end("ended", this.#viewer ? "There is nothing to watch any more." : REASONS.MEDIA_FAILURE);
      return;
    }
    this.#rejoins += 1;
    this.join();
  }

  #end(state, text) {
    if (!this.open) return;
    this.open = false;
    this.#close();
    this.#view.become(state, text);
  }

  #close() {
    clearTimeout(this.#patience);
    const peer = this.#peer;
    this.#peer = this.#channel = null;
    peer?.close();
  }

  async leave(closing) {
    if (!this.open) return;
    this.open = false;
    this.#close();
    if (!this.#location) return;
    const headers = { Authorization: `Bearer ${this.#token}` };
    await fetch(this.#location, { method: "DELETE", headers, keepalive: closing }).catch(() => {});
  }

  async hear(track) {
    if (this.#peer && !this.#viewer) await this.#sender.replaceTrack(track);
  }

  send(message) {
    if (this.#channel?.readyState === "open") this.#channel.send(JSON.stringify(message));
  }

  async statistics() {
    const found = { audio: {}, video: {} };
    for (const one of (await this.#peer?.getStats())?.values() ?? []) {
      if (one.type === "inbound-rtp") found[one.kind] = one;
    }
    return found;
  }
}

function part(tag, name) {
  const element = document.createElement(tag);
  element.className = name;
  return element;
}

customElements.define("call-view", CallView);
