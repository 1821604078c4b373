// How the browser tests run. `./dev e2e` builds what they need and starts them; options are passed on to Playwright.
import { defineConfig } from "@playwright/test";
import { cpus } from "node:os";

const root = process.getuid?.() === 0;

export default defineConfig({
  outputDir: "test-results",
  // Each worker runs a server with a database of its own and a browser: more than one for two cores only makes both slow.
  workers: Math.max(1, Math.floor(cpus().length / 2)),
  forbidOnly: !!process.env.CI,
  // A story that draws six pictures and has every theme examined takes half a minute on a quiet machine, and two where others work too.
  timeout: 150_000,
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    viewport: { width: 1280, height: 800 },
    colorScheme: "light",
    locale: "en-GB",
    timezoneId: "UTC",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.DEVSQUAD_CHROMIUM || "/usr/bin/chromium",
      // A browser that talks to nobody but the server under test.
      args: [
        ...(root ? ["--no-sandbox"] : []),
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "stories", testMatch: "*.spec.ts" },
    { name: "shots", testMatch: "support/shots.ts" },
    { name: "bench", testMatch: "*.bench.ts" },
  ],
});
