import { fileURLToPath } from "node:url";

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testMatch: "*.spec.ts",
  globalSetup: fileURLToPath(import.meta.resolve("fake-runway/global-setup")),
});
