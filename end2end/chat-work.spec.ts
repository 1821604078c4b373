// The work is steered from the chat: a question's card is answered, a command is typed, and who may not is told so.
import { asking, claim } from "./support/agent";
import { another, list, message, open, replies, say } from "./support/chat";
import { expectAccessible, visit } from "./support/page";
import { expect, test } from "./support/test";

test("a question is answered on its card, and the task goes on with the answer", async ({ page, server }) => {
  const of = await asking(server);
  const thread = `/communication/channels/workflow-${of.workflow}?thread=task-${of.task}`;
  await expect.poll(async () => await (await page.request.get(thread)).text(), { timeout: 20_000 }).toContain("Which wood shall I take?");
  await visit(page, thread);
  const card = message(replies(page), "Which wood shall I take?").last();
  await expect(card.getByLabel("Or answer in your own words")).toBeVisible();
  await expectAccessible(page);
  await card.getByRole("button", { name: "Pine" }).click();
  await expect(card.getByText("Answered since")).toBeVisible({ timeout: 20_000 });
  await expect(card).toBeFocused();
  await expect(message(replies(page), "Pine").last()).toBeVisible();
  const lease = await claim(server, of.token);
  expect(lease.task_id).toBe(of.task);
  expect(JSON.stringify(lease)).toContain("Pine");
});

test("/cancel ends the workflow of the channel, and the message says that it was done", async ({ page, server }) => {
  const of = await open(page, server, of => of.channel);
  await say(page, "/cancel We stay.");
  await expect(message(list(page), "/cancel We stay.").getByRole("button", { name: /^Done, 1/ })).toBeVisible({ timeout: 20_000 });
  await visit(page, `/orchestration/workflows/${of.workflow}`);
  await expect(page.getByText("It was cancelled. We stay.")).toBeVisible();
});

test("who may only look is refused in words where they asked", async ({ page, server, browser }) => {
  const of = await open(page, server, of => of.channel);
  const viewer = await another(browser, server, "viewer");
  await visit(viewer, of.channel);
  await say(viewer, "/pause I want to");
  const answer = message(list(viewer), /role/).filter({ has: viewer.locator(".msg-quoted") });
  await expect(answer).toBeVisible({ timeout: 20_000 });
  await expect(answer.locator(".msg-quoted")).toContainText("/pause I want to");
  await expect(page.locator(".room-head").getByText("Running")).toBeVisible();
  await viewer.context().close();
});
