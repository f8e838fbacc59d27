// Elements, text and times. What comes from a client becomes a text node here, and nothing else.

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Return text in which characters that would not be seen, or would turn it around, are visible. */
export function plain(text) {
  return String(text).replace(CONTROL, (one) => {
    const code = one.codePointAt(0);
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** Make an element; `on` holds listeners, `style` properties, and texts among children stay text. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    } else if (name === "value" || name === "checked" || name === "disabled") {
      element[name] = value;
    } else if (name === "title" || name === "aria-label") {
      element.setAttribute(name, plain(value));
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  fill(element, ...children, KEEP);
  return element;
}

const KEEP = Symbol("keep");

/** Replace what is in an element. */
export function fill(element, ...children) {
  if (children.at(-1) !== KEEP) element.textContent = "";
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false || child === KEEP) continue;
    element.append(child instanceof Node ? child : document.createTextNode(plain(child)));
  }
  return element;
}

export const $ = (id) => document.getElementById(id);

/** Return a JSON value as readable text. */
export const pretty = (value) =>
  typeof value === "string" ? value : JSON.stringify(value, null, 2);

/** Return seconds as text, such as `0.42 s`. */
export function seconds(value) {
  if (value >= 100) return `${Math.round(value)} s`;
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

/** Return seconds in a form for people: 1.250s, 3m 04.2s, 1h 02m. */
export function span(seconds) {
  const sign = seconds < 0 ? "-" : "";
  const size = Math.abs(seconds);
  if (size < 60) return `${sign}${size.toFixed(size < 10 ? 3 : 2)}s`;
  if (size < 3600) {
    return `${sign}${Math.floor(size / 60)}m ${(size % 60).toFixed(1).padStart(4, "0")}s`;
  }
  const hours = Math.floor(size / 3600);
  const minutes = Math.floor((size % 3600) / 60);
  if (hours < 48) return `${sign}${hours}h ${String(minutes).padStart(2, "0")}m`;
  return `${sign}${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** Return how long ago something was, in whole units. */
export function ago(seconds) {
  if (seconds < 2) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** Return an instant as a date and a time in UTC. */
export function instant(at) {
  const date = new Date(at * 1000);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString().replace("T", " ").slice(0, 23);
}

export const short = (id) => (id && id.length > 13 ? id.slice(0, 8) : id);

/** Return a JSON value as an element, indented. */
export function json(value) {
  return h("pre", {}, pretty(value));
}

/** Return a button. */
export function button(label, press, properties = {}) {
  return h("button", { type: "button", ...properties, on: { click: press, ...properties.on } }, label);
}

let ids = 0;

/** Return a control with its label. */
export function field(label, control, hint = "") {
  control.id ||= `field-${++ids}`;
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control,
    hint && h("span", { class: "soft hint" }, hint));
}

/** Return a list to choose from; options are values, or pairs of a value and a label. */
export function choice(options, selected, change, properties = {}) {
  const select = h("select", { ...properties, on: { change: () => change?.(select.value) } },
    ...options.map((one) => {
      const [value, label] = Array.isArray(one) ? one : [one, one];
      const option = h("option", { value }, label);
      option.selected = value === selected;
      return option;
    }));
  return select;
}

/** Copy a text, and say so on the button. */
export async function copy(text, pressed) {
  const label = pressed.textContent;
  try {
    await navigator.clipboard.writeText(text);
    pressed.textContent = "Copied";
  } catch {
    pressed.textContent = "Not allowed";
  }
  setTimeout(() => (pressed.textContent = label), 1200);
}

/** Call a function once for many calls, with the next picture. */
export function batched(work) {
  let wanted = false;
  return () => {
    if (wanted) return;
    wanted = true;
    requestAnimationFrame(() => {
      wanted = false;
      work();
    });
  };
}
