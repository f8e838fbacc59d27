// Making elements. Whatever comes from elsewhere goes in as text, never as markup.

/** Return an element with properties, attributes (`aria-…`, `data-…`, `role`) and children. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.includes("-") && name !== "role") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
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
