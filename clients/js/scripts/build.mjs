/**
 * Makes `dist`: ES modules and their types by the compiler, which checks them; CommonJS of the same.
 */

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";

import { generate } from "./generate.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const DOCUMENT = join(ROOT, "../../contracts/wire/schemas/admin.json");
const SOURCE = join(ROOT, "src");
const ESM = join(ROOT, "dist", "esm");
const CJS = join(ROOT, "dist", "cjs");
const NOT_IN_CJS = ["vitest.ts"]; // vitest itself is ES modules only
const CHECKS = /\.check\./; // compiled, and not shipped

rmSync(join(ROOT, "dist"), { recursive: true, force: true });
await generate(DOCUMENT, join(SOURCE, "generated", "admin.ts"));
compile();
alsoAsCommonJs();
copyFileSync(join(ROOT, "../../LICENSE"), join(ROOT, "LICENSE"));

function compile() {
  const config = ts.getParsedCommandLineOfConfigFile(join(ROOT, "tsconfig.json"), {}, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (problem) => fail([problem]),
  });
  const program = ts.createProgram(config.fileNames, config.options);
  const write = (name, text) => CHECKS.test(name) || ts.sys.writeFile(name, text);
  const { diagnostics } = program.emit(undefined, write);
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (problems.length > 0) fail(problems);
}

function alsoAsCommonJs() {
  mkdirSync(join(CJS, "generated"), { recursive: true });
  writeFileSync(join(CJS, "package.json"), '{"type": "commonjs"}\n');
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  for (const name of readdirSync(SOURCE)) {
    if (!name.endsWith(".ts") || NOT_IN_CJS.includes(name) || CHECKS.test(name)) continue;
    const text = readFileSync(join(SOURCE, name), "utf8");
    const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: name });
    const base = name.slice(0, -".ts".length);
    writeFileSync(join(CJS, `${base}.js`), outputText);
    copyFileSync(join(ESM, `${base}.d.ts`), join(CJS, `${base}.d.ts`));
  }
  copyFileSync(join(ESM, "generated", "admin.d.ts"), join(CJS, "generated", "admin.d.ts"));
}

function fail(problems) {
  const host = {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => ROOT,
    getNewLine: () => "\n",
  };
  console.error(ts.formatDiagnostics(problems, host));
  process.exit(1);
}
