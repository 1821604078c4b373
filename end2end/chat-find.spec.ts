// What is found and what is given in a channel: its messages, on a phone too, and files.
import { list, message, open, say } from "./support/chat";
import { awake, expectAccessible, expectNoSidewaysScroll, visit } from "./support/page";
import { expect, test } from "./support/test";

/** A picture of one pixel. */
const PIXEL = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

test("a channel is searched on a phone", async ({ page, server }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  const of = await open(page, server, of => of.channel);
  await say(page, "The hedgehog sleeps.");
  await page.getByRole("link", { name: "Find in this channel" }).click();
  const field = page.getByLabel("Words to look for in this channel");
  await expect(field).toBeFocused();
  await expectAccessible(page);
  await field.fill("hedgehog");
  await field.press("Enter");
  await expect(page).toHaveURL(/q=hedgehog/);
  await awake(page);
  const found = page.getByRole("complementary", { name: "Found here" });
  await expect(found.getByText("The hedgehog sleeps.")).toBeVisible();
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await found.getByRole("link", { name: /The hedgehog sleeps/ }).click();
  await expect(page).toHaveURL(new RegExp(`${of.channel}\\?message=`));
  await expect(message(list(page), "The hedgehog sleeps.")).toBeInViewport();
});

test("files are given with a message, seen and fetched", async ({ page, server }) => {
  const of = await open(page, server, of => of.channel);
  const picker = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Add files" }).click();
  await (await picker).setFiles([
    { name: "fence.png", mimeType: "image/png", buffer: PIXEL },
    { name: "a plan.txt", mimeType: "text/plain", buffer: Buffer.from("Paint it green.") },
  ]);
  const given = page.getByRole("list", { name: "Files to send" });
  await expect(given.getByText("Sending…")).toHaveCount(0);
  await expect(given.getByRole("listitem")).toHaveCount(2);
  await expectAccessible(page);
  await page.locator("#composer").fill("How it will look.");
  await page.locator("#composer").press("Enter");
  const sent = message(list(page), "How it will look.");
  await expect(given).toHaveCount(0);
  const picture = sent.getByRole("img", { name: "fence.png" });
  await expect(picture).toBeVisible();
  expect(await picture.evaluate(image => (image as HTMLImageElement).decode().then(() => (image as HTMLImageElement).naturalWidth))).toBe(1);
  const download = page.waitForEvent("download");
  await sent.getByRole("link", { name: /a plan\.txt/ }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("a plan.txt");
  await expectAccessible(page);
  await visit(page, of.channel);
  await expect(message(list(page), "How it will look.").getByRole("img", { name: "fence.png" })).toBeVisible();
});
