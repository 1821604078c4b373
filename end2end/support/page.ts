// What a story asks of a page beyond clicking: is it awake, has it complained, can everybody use it, what does it look like.
import { type Page, expect } from "@playwright/test";
import type { AxeResults, RunOptions } from "axe-core";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export type Theme = "light" | "dark";
export const THEMES: readonly Theme[] = ["light", "dark"];

export const SCREENS = join(__dirname, "../test-results/screens");
export const SIZES = [
  { width: 360, height: 740 },
  { width: 768, height: 1024 },
  { width: 1280, height: 800 },
] as const;

/** Waits until the page has been taken over by its WebAssembly: a click before that is lost. */
export async function awake(page: Page): Promise<void> {
  await expect(page.locator("html[data-awake]")).toBeAttached({ timeout: 20_000 });
}

/** Goes there and waits until the page is awake. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await awake(page);
}

export async function setTheme(page: Page, theme: Theme): Promise<void> {
  await page.evaluate(async theme => {
    document.documentElement.dataset.theme = theme;
    // Even the shortest transition shows its old colour until a frame has been drawn, and what inherits begins its own after that.
    const frame = () => new Promise(done => requestAnimationFrame(done));
    for (let still = 0, frames = 0; still < 5 && frames < 200; frames++) {
      await frame();
      still = document.getAnimations().some(animation => animation instanceof CSSTransition) ? 0 : still + 1;
    }
  }, theme);
}

/** Errors a page has reported: console errors, uncaught exceptions, requests that failed. A story ends with none. */
export class Complaints {
  readonly #heard: string[] = [];
  readonly #expected: RegExp[] = [];

  listen(page: Page): void {
    page.on("console", message => {
      if (message.type() === "error") this.#heard.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", error => this.#heard.push(`uncaught: ${error.message}`));
    page.on("requestfailed", request => {
      const why = request.failure()?.errorText ?? "failed";
      // Leaving a page ends what it was still asking for.
      if (why !== "net::ERR_ABORTED") this.#heard.push(`${request.method()} ${request.url()}: ${why}`);
    });
  }

  /** A story that provokes an error says which. */
  expect(pattern: RegExp): void {
    this.#expected.push(pattern);
  }

  unexpected(): string[] {
    return this.#heard.filter(text => !this.#expected.some(pattern => pattern.test(text)));
  }
}

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const RULES: RunOptions = {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  resultTypes: ["violations"],
};

/** Looks for accessibility faults in both themes; `within` narrows it to a part of the page. */
export async function expectAccessible(page: Page, within?: string): Promise<void> {
  await page.emulateMedia({ reducedMotion: "reduce" }); // a colour half way through its transition is nobody's choice
  // Evaluated, not added as a script: the page's own policy would refuse that.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const before = await page.evaluate(() => document.documentElement.dataset.theme);
  const faults: string[] = [];
  for (const theme of THEMES) {
    await setTheme(page, theme);
    const results = await page.evaluate(
      async ([within, rules]) => {
        const axe = (window as unknown as { axe: { run: (at: unknown, rules: unknown) => Promise<unknown> } }).axe;
        return (await axe.run(within ?? document, rules)) as AxeResults;
      },
      [within, RULES] as const,
    );
    for (const { id, help, nodes } of results.violations) {
      for (const node of nodes) faults.push(`${theme}: ${id}: ${help}\n    ${node.target.join(" ")}\n    ${node.html}`);
    }
  }
  await page.evaluate(theme => {
    if (theme === undefined) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, before);
  await page.emulateMedia({ reducedMotion: null });
  expect(faults, `accessibility faults on ${page.url()}`).toEqual([]);
}

/** Nothing but a labelled region of its own may scroll sideways. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(content, `${page.url()} is wider than the window`).toBeLessThanOrEqual(window ?? 0);
}

/** Pictures at every size in both themes, as test-results/screens/NAME-WIDTH-THEME.png: the whole page, as in a window that
    shows all of it, so that the bars stand at its edges and not in its middle. */
export async function screens(page: Page, name: string): Promise<void> {
  const size = page.viewportSize();
  for (const { width, height } of SIZES) {
    await page.setViewportSize({ width, height });
    const whole = await page.evaluate(() => document.documentElement.scrollHeight);
    if (whole > height) await page.setViewportSize({ width, height: whole });
    for (const theme of THEMES) {
      await setTheme(page, theme);
      const path = join(SCREENS, `${name}-${width}-${theme}.png`);
      await page.screenshot({ path, fullPage: true, animations: "disabled" });
    }
  }
  if (size) await page.setViewportSize(size);
}
