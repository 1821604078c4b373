// A channel of ten thousand messages: it opens soon, and scrolling through it holds nothing up for longer than a frame or three.
import { waiting } from "./support/agent";
import { sayMany } from "./support/chat";
import { visit } from "./support/page";
import { expect, test } from "./support/test";

const MESSAGES = Number(process.env.DEVSQUAD_MESSAGES ?? 10_000);
const AT_ONCE = 16;
const TASK_MS_MAX = 50;

test(`a channel of ${MESSAGES} messages scrolls without a long task`, async ({ page, server }) => {
  test.setTimeout(900_000);
  const of = await waiting(server);
  await expect.poll(async () => (await page.request.get(of.channel)).status(), { timeout: 20_000 }).toBe(200);
  await sayMany(server, of.channel, MESSAGES, nth => `Message ${nth}. ${"Some words that make a line or two. ".repeat(nth % 5)}`, AT_ONCE);

  await visit(page, "/communication");
  const opened = await page.evaluate(() => performance.now());
  await visit(page, of.channel);
  const list = page.getByRole("list", { name: "Messages", exact: true });
  await expect(list.locator("li[data-id]").last()).toBeVisible();
  console.log(`    opened after ${Math.round(await page.evaluate(() => performance.now()))} ms (${Math.round(opened)})`);
  await page.evaluate(() => {
    const seen: number[] = [];
    Object.assign(window, { seen });
    new PerformanceObserver(list => seen.push(...list.getEntries().map(entry => entry.duration))).observe({ entryTypes: ["longtask"] });
  });
  await list.hover();
  for (let turn = 0; turn < 120; turn++) {
    await page.mouse.wheel(0, -900);
    await page.waitForTimeout(60);
  }
  const rows = await list.locator("li[data-id]").count();
  const long = await page.evaluate(() => (window as unknown as { seen: number[] }).seen);
  console.log(`    ${rows} messages in the page; long tasks: ${long.map(Math.round).join(", ") || "none"} ms`);
  expect(rows).toBeLessThanOrEqual(160);
  expect(long.filter(ms => ms > TASK_MS_MAX)).toEqual([]);
});
