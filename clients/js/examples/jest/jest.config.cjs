module.exports = {
  testMatch: ["**/*.test.cjs"],
  globalSetup: "fake-runway/global-setup",
};
