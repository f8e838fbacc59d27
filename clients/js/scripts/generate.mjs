/**
 * Writes the types of the admin API, from its document.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import openapiTS, { astToString } from "openapi-typescript";

/** Write what openapi-typescript makes of a document. */
export async function generate(document, file) {
  const types = astToString(await openapiTS(pathToFileURL(resolve(document))));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, types);
}
