// Talking about the work: a channel is opened, read, written in, searched, and decided in; with a pointer, by keyboard, without scripts.
import { list, message, open, replies, say } from "./support/chat";
import { awake, expectAccessible, expectNoSidewaysScroll, screens, visit } from "./support/page";
import { expect, test } from "./support/test";

for (const width of [360, 1280]) {
  test(`a channel is read, written in and decided in at ${width} px`, async ({ page, server }) => {
    await page.setViewportSize({ width, height: 800 });
    const of = await open(page, server, of => of.channel);
    await expect(page.getByRole("heading", { level: 1, name: of.name })).toBeVisible();
    await expect(message(list(page), "began with 1 task")).toBeVisible();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);

    await say(page, "The colour is **fine** with me.", "The colour is fine with me.");
    await expect(message(list(page), "The colour is fine").locator("strong")).toHaveText("fine");

    // The story of the task stands in its thread.
    await message(list(page), "Paint it").getByRole("link", { name: /repl/ }).click();
    const thread = page.getByRole("complementary", { name: "Thread" });
    await expect(message(replies(page), "Handed in")).toBeVisible();
    await expect(message(replies(page), "Decision asked")).toBeVisible();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await screens(page, `chat-thread-${width}`);
    await page.setViewportSize({ width, height: 800 });
    await thread.getByRole("textbox", { name: "Reply in the thread" }).fill("Looking at it.");
    await thread.getByRole("button", { name: "Send" }).click();
    await expect(message(replies(page), "Looking at it.")).toBeVisible();

    await message(replies(page), "Decision asked").getByRole("button", { name: "Approve" }).click();
    await expect(message(replies(page), "Decided")).toBeVisible({ timeout: 20_000 });
    await expect(thread.getByRole("button", { name: "Approve" })).toHaveCount(0, { timeout: 20_000 });
    await thread.getByRole("link", { name: "Close" }).click();
    await expect(thread).toHaveCount(0);
    await expectNoSidewaysScroll(page);
  });
}

test("a message is reacted to, quoted, pinned, changed and deleted from its menu", async ({ page, server }) => {
  await open(page, server, of => of.channel);
  await say(page, "Shall we paint the gate too?");
  const mine = message(list(page), "Shall we paint the gate too?").first();
  const act = async (name: string | RegExp) => {
    await mine.hover();
    await mine.getByRole("button", { name: "More" }).click();
    const menu = page.getByRole("menu", { name: "Message" });
    await expect(menu).toBeVisible();
    await menu.getByRole("menuitem", { name, exact: true }).click();
    await expect(menu).toBeHidden();
  };
  await act("Agree");
  const reaction = mine.getByRole("button", { name: /^Agree, 1: you/ });
  await expect(reaction).toHaveAttribute("aria-pressed", "true");
  await reaction.click();
  await expect(reaction).toHaveCount(0);
  await act(/^Pin/);
  await expect(mine.getByText("Pinned")).toBeVisible();
  await act(/^Quote/);
  await page.locator("#composer").fill("Yes, and the hinges.");
  await page.locator("#composer").press("Enter");
  await expect(message(list(page), "Yes, and the hinges.").locator(".msg-quoted")).toContainText("Shall we paint the gate too?");
  await act(/^Edit/);
  await expect(page.locator("#composer")).toHaveValue("Shall we paint the gate too?");
  await page.locator("#composer").fill("Shall we paint the door?");
  await page.locator("#composer").press("Enter");
  const changed = message(list(page), "Shall we paint the door?").first();
  await expect(changed.getByText("edited")).toBeVisible();
  await changed.hover();
  await changed.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: /^Delete/ }).click();
  await expectAccessible(page, "dialog[open]");
  await page.getByRole("button", { name: "Delete it" }).click();
  await expect(message(list(page), "This message was deleted.")).toBeVisible();
});

test("everything in a channel is done by keyboard alone", async ({ page, server }) => {
  const of = await open(page, server, of => of.channel);
  await page.locator("#composer").focus();
  await page.keyboard.type("Who has the brush?");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("And the ladder?");
  await page.keyboard.press("Enter");
  const mine = message(list(page), "Who has the brush?");
  await expect(mine).toContainText("And the ladder?");
  // The stream may be quicker than the answer, which empties the field.
  await expect(page.locator("#composer")).toHaveValue("");

  // The list is one stop of the tabulator, back from the field.
  await page.keyboard.press("ArrowUp"); // an empty field: the last own message is changed
  await expect(page.locator("#composer")).toHaveValue(/Who has the brush/);
  await page.keyboard.press("Escape");
  await expect(page.locator("#composer")).toHaveValue("");
  await mine.focus();
  await page.keyboard.press("ArrowUp");
  await expect(message(list(page), "Paint it")).toBeFocused();
  await page.keyboard.press("End");
  await expect(mine).toBeFocused();
  await page.keyboard.press("+");
  await expect(page.getByRole("menuitem", { name: "Agree", exact: true })).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect(mine.getByRole("button", { name: /^Disagree, 1/ })).toBeVisible();
  await mine.focus();
  await page.keyboard.press("p");
  await expect(mine.getByText("Pinned")).toBeVisible();
  await mine.focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("t");
  await expect(page).toHaveURL(new RegExp(`thread=task-${of.task}`));
  await expect(page.locator("#thread-composer")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("complementary", { name: "Thread" })).toHaveCount(0);
  await expect(page.locator("#composer")).toBeFocused();
});

test("commands and names are offered, and nothing is chosen before the arrows say so", async ({ page, server }) => {
  await open(page, server, of => of.channel);
  const field = page.locator("#composer");
  await field.focus();
  await page.keyboard.type("/pa");
  const offers = page.getByRole("listbox", { name: "Suggestions" });
  await expect(offers.getByRole("option", { name: /pause/ })).toBeVisible();
  await expect(field).not.toHaveAttribute("aria-activedescendant");
  await expectAccessible(page);
  await page.keyboard.press("ArrowDown");
  await expect(field).toHaveAttribute("aria-activedescendant", /composer-offers-0/);
  await page.keyboard.press("Enter");
  await expect(field).toHaveValue("/pause ");
  await field.fill("");
  await page.keyboard.type("ask @Pain");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await expect(field).toHaveValue(/^ask @Painter \d+ $/);
});

test("a draft stays, and what could not be sent stays with a way to try again", async ({ page, server, complaints }) => {
  const of = await open(page, server, of => of.channel);
  await page.locator("#composer").fill("Half a thought");
  await visit(page, "/communication");
  await visit(page, of.channel);
  await expect(page.locator("#composer")).toHaveValue("Half a thought");
  complaints.expect(/ERR_FAILED|Failed to fetch|Failed to load/);
  await page.route("**/api/say*", route => route.abort());
  await page.locator("#composer").press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: "It was not sent." })).toBeVisible();
  await expect(page.locator("#composer")).toHaveValue("Half a thought");
  await page.unroute("**/api/say*");
  await page.getByRole("button", { name: "Retry" }).click();
  await expect(message(list(page), "Half a thought")).toHaveCount(1);
});

test("what is written while a message is on its way stays in the field", async ({ page, server }) => {
  await open(page, server, of => of.channel);
  await page.route("**/api/say*", async route => {
    await new Promise(wake => setTimeout(wake, 1_000));
    await route.continue();
  });
  const field = page.locator("#composer");
  await field.fill("The first.");
  await field.press("Enter");
  await field.fill("The second");
  await expect(message(list(page), "The first.")).toBeVisible();
  await expect(field).toHaveValue("The second");
});

test("messages are found, in the channel and everywhere, and the link leads to them", async ({ page, server }) => {
  const of = await open(page, server, of => of.channel);
  await say(page, "The tortoise sleeps under the planks.");
  await page.getByLabel("Search in this channel").fill("tortoise");
  await page.getByLabel("Search in this channel").press("Enter");
  const found = page.getByRole("complementary", { name: "Found here" });
  await expect(found.getByText("The tortoise sleeps")).toBeVisible();
  await visit(page, "/communication?q=tortoise");
  await expectAccessible(page);
  await page.getByRole("list", { name: "Messages found" }).getByRole("link").click();
  await expect(page).toHaveURL(new RegExp(`${of.channel}\\?message=`));
  await awake(page);
  await expect(message(list(page), "The tortoise sleeps")).toBeVisible();
});

test("a task leads to its conversation and the conversation to the task", async ({ page, server }) => {
  const of = await open(page, server, of => `/orchestration/workflows/${of.workflow}/tasks/${of.task}`);
  await page.getByRole("link", { name: "Open the conversation" }).click();
  await expect(page).toHaveURL(new RegExp(`thread=task-${of.task}`));
  await expect(message(replies(page), "Decision asked")).toBeVisible();
  await message(replies(page), "Decision asked").getByRole("link", { name: "See the result" }).click();
  await expect(page).toHaveURL(new RegExp(`/tasks/${of.task}`));
});

test("the chat is read and written in with JavaScript off", async ({ page, browser, server, owner }) => {
  const of = await open(page, server, of => of.channel);
  const context = await browser.newContext({ baseURL: server.url, storageState: owner, javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(of.channel);
  await plain.locator("#composer").fill("Written by hand.");
  await plain.getByRole("button", { name: "Send" }).click();
  await expect(message(list(plain), "Written by hand.")).toBeVisible();
  await message(list(plain), "Paint it").getByRole("link", { name: /repl/ }).click();
  await expect(message(replies(plain), "Decision asked")).toBeVisible();
  await message(replies(plain), "Decision asked").getByRole("button", { name: "Approve" }).click();
  await expect(message(replies(plain), "Answered since")).toBeVisible();
  await context.close();
});

test("the hub, the channels and the threads can be used by everybody, on every window", async ({ page, server }) => {
  const of = await open(page, server, () => "/communication");
  for (const path of ["/communication", "/communication/channels", "/communication/threads"]) {
    await page.setViewportSize({ width: 1280, height: 800 });
    await visit(page, path);
    await expect(page.getByText(of.name).first()).toBeVisible();
    await expectAccessible(page);
    await page.setViewportSize({ width: 320, height: 640 });
    await expectNoSidewaysScroll(page);
    await screens(page, path.slice(1).replaceAll("/", "-"));
  }
  await visit(page, "/communication");
  const squad = page.getByRole("region", { name: "Squad" });
  await expect(squad.getByText("Available").first()).toBeVisible();
  await squad.getByRole("link", { name: "Ada", exact: true }).press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Ada" })).toBeVisible();
});
