// What tests read of a page: what its user would have seen, and the browser's statistics.

export const query = new URLSearchParams(location.search);

// Events of the avatar, the transcript, errors, how often the call ended, and states that followed.
export const seen = { events: [], transcript: [], errors: [], ended: 0, states: [] };
window.seen = seen;

// Every peer connection of the page.
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

// Note the milliseconds from now to the first picture of the avatar: `seen.firstPicture`.
export function timeFirstPicture() {
  const begun = performance.now();
  const waiting = setInterval(() => {
    const video = document.querySelector("[data-avatar-video] video");
    if (!video) return;
    clearInterval(waiting);
    video.requestVideoFrameCallback(() => (seen.firstPicture = performance.now() - begun));
  }, 5);
}

// Ask the gateway for a call with an avatar.
export async function connect(avatarId, headers = {}) {
  const response = await fetch(query.get("connect"), {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ avatarId }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}
