// The run page: walked by keyboard, read without scripts, steered, and told apart at every size.
import type { Page } from "@playwright/test";
import { expectAccessible, expectNoSidewaysScroll, screens, visit } from "./support/page";
import { begin } from "./support/workflow";
import { expect, test } from "./support/test";

/** A node of the drawing, by the beginning of its name. */
const node = (page: Page, name: string) => page.getByRole("group", { name: /^Workflow graph/ }).getByRole("link", { name: new RegExp(`^${name}`) });

test("the graph is walked by keyboard, and a task opens and closes where one is", async ({ page }) => {
  await begin(page);
  await expect(page.getByText("no agent has the skill “lifting” at level 4")).toBeVisible();
  const first = node(page, "Pack the boxes ?, Ready");
  await first.focus();
  await page.keyboard.press("ArrowRight");
  await expect(node(page, "Load the van")).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(node(page, "Clean the rooms")).toBeFocused();
  await page.keyboard.press("End");
  await expect(node(page, "Hand over the keys")).toBeFocused();
  await page.keyboard.press("Home");
  await expect(first).toBeFocused();

  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/task=/);
  const panel = page.getByRole("complementary", { name: "Pack the boxes" });
  await expect(panel.getByText("waits for an agent with the skill “lifting” at level 4")).toBeVisible();
  await expect(panel.getByRole("heading", { name: "Pack the boxes" })).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(panel).toHaveCount(0);
  await expect(first).toBeFocused();

  // The address with the task open leads to the same, awake in one go.
  await page.goBack();
  await visit(page, page.url());
  await expect(panel.getByRole("heading", { name: "Pack the boxes" })).toBeVisible();
  // Nothing has the focus yet: Escape closes what is open all the same.
  await page.keyboard.press("Escape");
  await expect(panel).toHaveCount(0);
  await expect(first).toBeFocused();
  await page.goBack();
  await panel.getByRole("link", { name: "Close the task" }).click();
  await expect(panel).toHaveCount(0);
});

test("a run is paused, resumed and cancelled, and says so everywhere at once", async ({ page, context }) => {
  const path = await begin(page);
  const second = await context.newPage();
  await visit(second, path);
  await page.getByRole("button", { name: "Pause" }).press("Enter");
  await expect(second.getByText("nothing new starts until it is resumed")).toBeVisible();
  // The button is gone; who works by keyboard is beside the one that took its place.
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  await second.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();

  await page.getByRole("button", { name: "Cancel" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Cancel this workflow?" });
  await dialog.getByLabel("Reason").fill("We stay.");
  await expectAccessible(page, "dialog[open]");
  // A button that only closes the dialog sends nothing.
  await dialog.getByRole("button", { name: "Keep it running" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await page.getByRole("button", { name: "Cancel" }).first().click();
  await dialog.getByRole("button", { name: "Cancel workflow" }).click();
  await expect(second.getByText("It was cancelled. We stay.")).toBeVisible();
  await expect(dialog).toBeHidden();
});

test("a run can be read and steered with JavaScript off", async ({ page, browser, server, owner }) => {
  const path = await begin(page);
  const context = await browser.newContext({ baseURL: server.url, storageState: owner, javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(path);
  await expect(node(plain, "Hand over the keys")).toBeVisible();
  await plain.getByRole("link", { name: "List", exact: true }).click();
  await expect(plain.getByRole("row", { name: /Clean the rooms Waiting/ })).toBeVisible();
  await plain.getByRole("link", { name: "Clean the rooms" }).click();
  await expect(plain.getByText("It waits for “Pack the boxes” to be done.")).toBeVisible();
  await plain.getByRole("link", { name: "History" }).click();
  await expect(plain.getByText("“Move the house” began with 4 tasks.")).toBeVisible();
  await plain.getByRole("button", { name: "Pause" }).click();
  await expect(plain.getByText("nothing new starts until it is resumed")).toBeVisible();
  await context.close();
});

test("every view of a run can be used by everybody, on every window", async ({ page }) => {
  const path = await begin(page);
  for (const view of ["graph", "list", "history"]) {
    await page.setViewportSize({ width: 1280, height: 800 });
    await visit(page, `${path}?view=${view}`);
    await expectAccessible(page);
    await page.setViewportSize({ width: 320, height: 640 });
    await expectNoSidewaysScroll(page);
    await screens(page, `run-${view}`);
  }
});

test("a phone shows the list, a desktop the graph", async ({ page }) => {
  const path = await begin(page);
  await expect(node(page, "Pack the boxes")).toBeVisible();
  await page.setViewportSize({ width: 360, height: 740 });
  await visit(page, path);
  await expect(node(page, "Pack the boxes")).toBeHidden();
  await expect(page.getByRole("row", { name: /^Pack the boxes/ })).toBeVisible();
});

test("the theme is chosen without loading anything anew, and kept", async ({ page }) => {
  await visit(page, "/orchestration/workflows");
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page.getByRole("button", { name: "Dark" })).toHaveAttribute("aria-pressed", "true");
  await expect.poll(async () => (await page.context().cookies()).find(cookie => cookie.name === "theme")?.value).toBe("dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("shortcuts lead through the product, and the focus goes along", async ({ page }) => {
  await visit(page, "/orchestration/agents");
  await page.keyboard.press("g");
  await page.keyboard.press("w");
  await expect(page).toHaveURL(/\/orchestration\/workflows$/);
  await expect(page.getByRole("heading", { level: 1, name: "Workflows" })).toBeFocused();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeHidden();
});
