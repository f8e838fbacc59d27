export default {
  testMatch: "*.spec.mjs",
  outputDir: process.env.OUTPUT_DIR,
  reporter: "line",
};
