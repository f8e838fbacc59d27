// Tasks: what can be done to one, and what it has made. Outputs are loaded when they are asked for, as by a client.

import { get } from "./api.js";
import { button, fill, h } from "/__pages/dom.js";
import { happenings } from "./happenings.js";
import { toast } from "./strip.js";

const EVENTS = {
  throttled: [["cancelled", "is cancelled"]],
  pending: [["started", "starts"], ["cancelled", "is cancelled"]],
  running: [["succeeded", "succeeds"], ["cancelled", "is cancelled"]],
};

/** Return what can be done to a task in a state. */
export function taskActions({ commands, world }, id, state, place) {
  if (state !== "succeeded") return happenings(commands.tasks, id, EVENTS[state] ?? [], { fails: state in EVENTS });
  return h("div", { class: "row" }, button("Show the outputs", async () => {
    try {
      const { outputs } = await get(world, `/tasks/${encodeURIComponent(id)}/outputs`);
      fill(place, outputs.length
        ? h("div", { class: "outputs" }, outputs.map((path, index) => output(path, index)))
        : h("p", { class: "note" }, "It has no outputs, or its client has deleted it."));
    } catch (error) {
      toast(`The outputs cannot be shown: ${error.message}`, "bad");
    }
  }));
}

const FILMS = new Set(["mp4", "webm", "mov", "gif"]);
const SOUNDS = new Set(["wav", "mp3", "ogg", "flac", "aac", "opus"]);
const PICTURES = new Set(["png", "jpg", "jpeg", "webp"]);

/** Return one output, with a link to its file. */
function output(path, index) {
  const name = path.split("?")[0].split("/").at(-1);
  const format = name.split(".").at(-1);
  const label = `Output ${index + 1}`;
  const failed = h("p", { class: "note warn", hidden: true }, "The browser cannot show this file.");
  const on = { error: () => { failed.hidden = false; } };
  const shown = PICTURES.has(format) || format === "gif" ? h("img", { src: path, alt: label, on })
    : FILMS.has(format) ? h("video", { src: path, controls: true, loop: true, "aria-label": label, on })
      : SOUNDS.has(format) ? h("audio", { src: path, controls: true, "aria-label": label, on }) : null;
  return h("figure", { class: "output" }, shown, failed,
    h("figcaption", {}, h("a", { href: path, target: "_blank", rel: "noopener" }, name)));
}
