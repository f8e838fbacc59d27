// YAML for what JSON can say, as scenario files are written.

const PLAIN = /^[A-Za-z_/][\w ./()%:-]*$/;
const TELLS = /^(true|false|null|yes|no|on|off|~|-?\d.*)$/i;

const UNPRINTED = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g; // what JSON may hold as it is, and YAML may not

/** Return a value as YAML. */
export function yaml(value, indent = "") {
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    if (value.every(isScalar)) return `[${value.map(scalar).join(", ")}]`;
    return value.map((one) => `\n${indent}- ${yaml(one, `${indent}  `).trimStart()}`).join("");
  }
  if (value !== null && typeof value === "object") {
    const keys = Object.keys(value);
    if (keys.length === 0) return "{}";
    return keys.map((key) => {
      const text = yaml(value[key], `${indent}  `);
      return `\n${indent}${scalar(key)}:${text.startsWith("\n") ? "" : " "}${text}`;
    }).join("");
  }
  return scalar(value);
}

const isScalar = (value) => value === null || typeof value !== "object";

function scalar(value) {
  if (typeof value !== "string") return JSON.stringify(value);
  const simple = PLAIN.test(value) && !TELLS.test(value) && !/: |:$| #|\s$/.test(value);
  return simple ? value : JSON.stringify(value).replace(UNPRINTED, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
