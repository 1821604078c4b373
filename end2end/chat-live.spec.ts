// A channel that is open while others talk: who types, what came while the line was broken, what is said aloud, what was said long ago.
import { another, list, message, open, say, sayAs, sayMany } from "./support/chat";
import { expectAccessible, visit } from "./support/page";
import { startChat, startServer } from "./support/server";
import { expect, test } from "./support/test";

test("who has the channel open sees at once what another says and that they type", async ({ page, server, browser }) => {
  const of = await open(page, server, of => of.channel);
  const other = await another(browser, server, "operator");
  await visit(other, of.channel);
  await other.locator("#composer").pressSequentially("Do you see");
  await expect(page.getByText(/^operator-.* is typing…$/)).toBeVisible();
  await expect(other.getByText(/is typing…$/)).toHaveCount(0);
  await say(other, "Do you see this?");
  await expect(message(list(page), "Do you see this?")).toBeVisible();
  await expect(page.getByText(/is typing…$/)).toHaveCount(0);
  await other.context().close();
});

test("after a break everything that was said meanwhile is there, once", async ({ page, server, complaints }) => {
  complaints.expect(/live|ERR_|Failed to load/); // the stream that is refused
  const of = await open(page, server, of => of.channel);
  await say(page, "Before the break.");
  // A page that is loaded while its stream is refused; what is said then reaches it by no other way.
  await page.route("**/live/chat*", route => route.abort());
  await visit(page, of.channel);
  await sayMany(server, of.channel, 12, nth => `While it was broken, ${nth}.`);
  await expect(message(list(page), "Before the break.")).toHaveCount(1);
  await expect(message(list(page), "While it was broken")).toHaveCount(0);
  await page.unroute("**/live/chat*");
  await expect(message(list(page), "While it was broken")).toHaveCount(12, { timeout: 30_000 });
  await expect(message(list(page), "Before the break.")).toHaveCount(1);
  await sayAs(server, of.channel, "bench", "After the break.");
  await expect(message(list(page), "After the break.")).toHaveCount(1);
});

test("many messages at once are announced once a second at most", async ({ page, server }) => {
  const of = await open(page, server, of => of.channel);
  await page.evaluate(() => {
    const said: { at: number; words: string }[] = [];
    Object.assign(window, { said });
    for (const node of document.querySelectorAll("[aria-live=polite].sr-only")) {
      new MutationObserver(() => {
        const words = node.textContent?.trim() ?? "";
        if (words) said.push({ at: performance.now(), words });
      }).observe(node, { childList: true, characterData: true, subtree: true });
    }
  });
  await sayMany(server, of.channel, 30, nth => `Announced ${nth}.`);
  await expect(message(list(page), "Announced 30.")).toBeVisible();
  await page.waitForTimeout(1_500);
  const said = await page.evaluate(() => (window as unknown as { said: { at: number; words: string }[] }).said);
  expect(said.length).toBeGreaterThan(0);
  expect(said.some(({ words }) => /^\d+ new messages$/.test(words))).toBe(true);
  for (const [nth, { at }] of said.entries()) {
    // A timer may come some milliseconds early or late.
    if (nth > 0) expect(at - (said[nth - 1]?.at ?? 0)).toBeGreaterThan(950);
  }
});

test("what was said long ago comes as one scrolls up, and the newest is one press away", async ({ page, server }) => {
  const of = await open(page, server, () => "/communication");
  await sayMany(server, of.channel, 90, nth => `Number ${nth}. ${"Words. ".repeat(nth % 4)}`);
  await visit(page, of.channel);
  await expect(message(list(page), "Number 90.")).toBeVisible();
  await expect(message(list(page), "Number 1.")).toHaveCount(0);
  await list(page).hover();
  await expect(async () => {
    await page.mouse.wheel(0, -2_000);
    await expect(message(list(page), "began with 1 task")).toBeVisible({ timeout: 200 });
  }).toPass({ timeout: 30_000 });
  const rows = await list(page).locator("li[data-id]").allInnerTexts();
  const numbers = rows.map(text => /Number (\d+)\./.exec(text)?.[1]).filter(Boolean);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(numbers.at(-1)).toBe("90");
  await sayAs(server, of.channel, "bench", "Said while one reads further up.");
  await page.getByRole("button", { name: "1 new message" }).click();
  await expect(message(list(page), "Said while one reads further up.")).toBeInViewport();
});

test("a message is marked unread, and the list of channels says how many are", async ({ page, server }) => {
  const of = await open(page, server, of => of.channel);
  await say(page, "I am here.");
  for (const nth of [1, 2, 3]) await sayAs(server, of.channel, "bench", `News ${nth}.`);
  const second = message(list(page), "News 2.");
  await expect(message(list(page), "News 3.")).toBeVisible();
  await page.waitForTimeout(2_000); // what is seen counts as read by then
  await second.hover();
  await second.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Mark unread from here" }).click();
  await expect(list(page).locator("[data-new]")).toBeVisible();
  await expect(page.getByText("Unread from there.")).toBeVisible();
  await visit(page, "/communication");
  await expect(page.getByRole("link", { name: new RegExp(`${of.name}.*, 2 unread`) })).toBeVisible();
});

test("while the chat is away the pages say so, nothing written is lost, and the rest goes on", async ({ page, complaints }) => {
  test.setTimeout(120_000); // two servers are started and stopped
  complaints.expect(/live|ERR_|Failed to load|50\d/); // what the chat does not answer
  const chat = await startChat();
  const server = await startServer(chat.env);
  try {
    await page.goto(server.signInLink);
    const of = await open(page, server, of => `${server.url}${of.channel}`);
    await say(page, "The chat is here.");
    await chat.stop();
    await page.locator("#composer").fill("Nobody hears this yet.");
    await page.locator("#composer").press("Enter");
    await expect(page.getByRole("alert").filter({ hasText: "The chat does not answer now." })).toBeVisible({ timeout: 20_000 });
    await expect(page.locator("#composer")).toHaveValue("Nobody hears this yet.");
    await expectAccessible(page);
    await visit(page, `${server.url}/communication`);
    await expect(page.getByText("What is unread cannot be counted.")).toBeVisible();
    await expect(page.getByRole("link", { name: new RegExp(of.name) }).first()).toBeVisible();
    await visit(page, `${server.url}/orchestration/workflows/${of.workflow}`);
    await page.getByRole("button", { name: "Pause" }).click();
    await expect(page.getByText("nothing new starts until it is resumed")).toBeVisible();
  } finally {
    await server.stop();
    await chat.stop();
  }
});
