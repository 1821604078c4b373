// The browser's half comes in pieces: going from one page to another fetches what is missing, and says so when it does not come.
import { visit } from "./support/page";
import { expect, test } from "./support/test";

/** Links of the navigation, each into another piece than the one before, and back. */
const WAY = [
  ["Workflows", "Workflows"],
  ["Needs you", "Needs you"],
  ["Chat", "Chat"],
  ["Agents", "Agents"],
  ["People", "People"],
  ["Help", "Help"],
  ["Overview", "Overview"],
] as const;

test("every piece comes when its page is visited, without the page being loaded anew", async ({ page }) => {
  // Nothing is there before it is asked for.
  await page.route("**/orchestration", async route => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replaceAll(/<link [^>]*rel="prefetch"[^>]*>/g, "") });
  });
  await visit(page, "/orchestration");
  await page.evaluate(() => Object.assign(window, { stays: true }));
  const navigation = page.getByRole("navigation", { name: "Primary" });
  for (const [link, heading] of WAY) {
    await navigation.getByRole("link", { name: link }).first().click();
    await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
  }
  expect(await page.evaluate(() => "stays" in window)).toBe(true);
});

test("a piece that does not come is said on the page, and can be asked for again", async ({ page, complaints }) => {
  complaints.expect(/split_lists|Failed to fetch|ERR_FAILED/);
  await page.route("**/pkg/split_lists*", route => route.abort());
  await visit(page, "/orchestration");
  await page.getByRole("navigation", { name: "Primary" }).getByRole("link", { name: "Workflows" }).first().click();
  await expect(page.getByText("Could not load this page.")).toBeVisible();
  await page.unroute("**/pkg/split_lists*");
  await page.getByRole("link", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Workflows" })).toBeVisible();
});
