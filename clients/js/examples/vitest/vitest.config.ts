import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { globalSetup: "fake-runway/global-setup" },
});
