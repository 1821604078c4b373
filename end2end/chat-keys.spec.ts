// The chat without a pointer: every action is reached and done by keyboard, and the focus is never lost on the way.
import type { Page } from "@playwright/test";
import { list, message, open, replies, say } from "./support/chat";
import { visit } from "./support/page";
import { expect, test } from "./support/test";

/** Opens the menu of the message with the focus and chooses from it. */
async function choose(page: Page, name: RegExp): Promise<void> {
  await page.keyboard.press(".");
  const item = page.getByRole("menu", { name: "Message" }).getByRole("menuitem", { name });
  await expect(page.getByRole("menuitem", { name: "Agree", exact: true })).toBeFocused();
  for (let step = 0; step < 20 && !(await item.evaluate(node => node === document.activeElement)); step++) {
    await page.keyboard.press("ArrowDown");
  }
  await expect(item).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menu", { name: "Message" })).toBeHidden();
}

/** Goes on by the tabulator until something of that name has the focus. */
async function tabTo(page: Page, name: string | RegExp, key = "Tab"): Promise<void> {
  const fits = (found: string) => (typeof name === "string" ? found === name : name.test(found));
  const seen: string[] = [];
  for (let step = 0; step < 40; step++) {
    await page.keyboard.press(key);
    const found = await page.evaluate(() => {
      const at = document.activeElement as HTMLElement | null;
      const label = at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement ? at.labels?.[0]?.textContent : undefined;
      return (label ?? at?.getAttribute("aria-label") ?? at?.textContent ?? "").trim();
    });
    if (fits(found)) return;
    seen.push(found);
  }
  throw new Error(`the tabulator does not lead to ${name}: ${seen.join(" · ")}`);
}

test("everything that can be done with a message is done by keyboard, and the focus stays with it", async ({ page, server, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page, server, of => of.channel);
  await say(page, "The gate squeaks.");
  const mine = message(list(page), "The gate squeaks.").first();
  await tabTo(page, /The gate squeaks/, "Shift+Tab");
  await expect(mine).toBeFocused();

  await page.keyboard.press(".");
  await expect(page.getByRole("menuitem", { name: "Agree", exact: true })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu", { name: "Message" })).toBeHidden();
  await expect(mine).toBeFocused();

  await choose(page, /^Celebrate$/);
  const reaction = mine.getByRole("button", { name: /^Celebrate, 1: you/ });
  await expect(reaction).toBeVisible();
  await expect(mine).toBeFocused();
  // What is inside of it follows in the order of tabs; the button that is gone leaves the focus with the message.
  await tabTo(page, /^Celebrate, 1/);
  await page.keyboard.press("Enter");
  await expect(reaction).toHaveCount(0);
  await expect(mine).toBeFocused();

  await choose(page, /^Pin/);
  await expect(mine.getByText("Pinned")).toBeVisible();
  await expect(mine).toBeFocused();
  await choose(page, /^Take the pin off/);
  await expect(mine.getByText("Pinned")).toHaveCount(0);
  await expect(mine).toBeFocused();
  await choose(page, /^Copy the text/);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("The gate squeaks.");
  await choose(page, /^Copy the link/);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("?message=");
  await expect(mine).toBeFocused();
  await choose(page, /^Mark unread/);
  await expect(mine).toBeFocused();

  await choose(page, /^Quote/);
  await expect(page.locator("#composer")).toBeFocused();
  await page.keyboard.press("Escape");
  await tabTo(page, /The gate squeaks/, "Shift+Tab");
  await choose(page, /^Edit/);
  await expect(page.locator("#composer")).toBeFocused();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("The gate is oiled.");
  await page.keyboard.press("Enter");
  const changed = message(list(page), "The gate is oiled.").first();
  await expect(changed.getByText("edited")).toBeVisible();
  await tabTo(page, /The gate is oiled/, "Shift+Tab");
  await choose(page, /^Reply in the thread/);
  await expect(page.locator("#thread-composer")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.locator("#composer")).toBeFocused();
  await tabTo(page, /The gate is oiled/, "Shift+Tab");
  await choose(page, /^Delete/);
  await expect(page.getByRole("button", { name: "Keep it" })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(message(list(page), "This message was deleted.")).toBeFocused();
});

test("a thread is opened, decided in and answered by keyboard", async ({ page, server }) => {
  await open(page, server, of => of.channel);
  await page.locator("#composer").focus();
  await tabTo(page, /Paint it/, "Shift+Tab");
  await tabTo(page, /^1? ?\d+ replies$/);
  await page.keyboard.press("Enter");
  await expect(page.locator("#thread-composer")).toBeFocused();
  await page.keyboard.type("I look at it.");
  await page.keyboard.press("Enter");
  await expect(message(replies(page), "I look at it.")).toBeVisible();
  await tabTo(page, /I look at it/, "Shift+Tab");
  await page.keyboard.press("ArrowUp");
  await expect(message(replies(page), "Decision asked")).toBeFocused();
  await tabTo(page, "Approve");
  await page.keyboard.press("Enter");
  await expect(message(replies(page), "Decided")).toBeVisible({ timeout: 20_000 });
  const request = message(replies(page), "Decision asked");
  await expect(request.getByText("Answered since")).toBeVisible({ timeout: 20_000 });
  await expect(request).toBeFocused();
  await tabTo(page, "Close", "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("complementary", { name: "Thread" })).toHaveCount(0);
  await expect(page.locator("#composer")).toBeFocused();
});

test("the head of a channel, its search and its files are reached by keyboard", async ({ page, server }) => {
  const of = await open(page, server, of => of.channel);
  await say(page, "A heron stands there.");
  await page.locator("#page-title").focus();
  await tabTo(page, /member/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Members" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Members" })).toBeHidden();
  await tabTo(page, "Search in this channel");
  await page.keyboard.type("heron");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/q=heron/);
  await expect(page.locator("html[data-awake]")).toBeAttached();
  await page.locator("#thread-title").focus();
  await tabTo(page, /A heron stands there/);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`${of.channel}\\?message=`));
  await expect(message(list(page), "A heron stands there.")).toBeFocused();

  const picker = page.waitForEvent("filechooser");
  await tabTo(page, "Add files");
  await page.keyboard.press("Enter");
  await (await picker).setFiles([{ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("One line.") }]);
  await expect(page.getByRole("list", { name: "Files to send" }).getByText("Sending…")).toHaveCount(0);
  await tabTo(page, "Remove note.txt", "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("list", { name: "Files to send" })).toHaveCount(0);
  await expect(page.locator("#composer")).toBeFocused();
});

test("the channels are listed, searched and entered by keyboard", async ({ page, server }) => {
  const of = await open(page, server, () => "/communication/channels");
  await page.locator("#page-title").focus();
  await tabTo(page, "Archived");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/over=1/);
  await tabTo(page, "Going on", "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page).not.toHaveURL(/over=1/);
  await tabTo(page, "Find a channel by its name");
  await page.keyboard.type(of.name);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/name=/);
  await expect(page.locator("html[data-awake]")).toBeAttached();
  await page.locator("#page-title").focus();
  await tabTo(page, of.name);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`${of.channel}$`));
  await expect(page.locator("#page-title")).toBeFocused();
  await visit(page, "/communication/threads");
  await page.locator("#page-title").focus();
  await tabTo(page, new RegExp(`Paint it.*${of.name}`));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/thread=task-/);
});
