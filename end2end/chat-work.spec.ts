// The work is steered from the chat: a question's card is answered, a command is typed, and who may not is told so.
import { asking, claim } from "./support/agent";
import { another, list, message, open, replies, say } from "./support/chat";
import { expectAccessible, expectNoSidewaysScroll, screens, visit } from "./support/page";
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
  // Everything on the page follows: the head, and the card that asked for a decision.
  await expect(page.locator(".room-head").getByText("Cancelled")).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText("The work this channel was for is over.")).toBeVisible();
  await expect(list(page).getByRole("button", { name: "Approve" })).toHaveCount(0);
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

test("an agent is written to from its profile, and answers where nobody else reads", async ({ page, server, browser }) => {
  const of = await asking(server);
  await visit(page, "/orchestration/agents");
  await page.getByRole("link", { name: of.agent, exact: true }).first().press("Enter");
  await page.getByRole("button", { name: "Message" }).press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: of.agent })).toBeVisible();
  await expect(page.getByText("Between one agent and one person.")).toBeVisible();
  await say(page, "Shall we take oak?");
  const answer = await fetch(`${server.url}/api/v1/direct`, { headers: { authorization: `Bearer ${of.token}` } });
  const { conversations } = await answer.json();
  expect(conversations).toMatchObject([{ unread: 1, last: { text: "Shall we take oak?", from: "person" } }]);
  const path = `${server.url}/api/v1/direct/${conversations[0].id}/messages`;
  const headers = { authorization: `Bearer ${of.token}`, "content-type": "application/json" };
  const said = await fetch(path, { method: "POST", headers, body: JSON.stringify({ text: "Oak, with pleasure." }) });
  expect(said.status).toBe(201);
  await expect(message(list(page), "Oak, with pleasure.")).toBeVisible({ timeout: 20_000 });
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
  await screens(page, "direct");
  const here = page.url();
  await visit(page, "/communication");
  await expect(page.getByRole("region", { name: "Direct" }).getByRole("link", { name: new RegExp(of.agent) })).toBeVisible();
  await visit(page, `/communication/channels?name=${of.agent}`);
  const found_by_name = page.getByRole("row").filter({ has: page.getByRole("link", { name: of.agent }) });
  await expect(found_by_name).toContainText("You and the agent");

  const viewer = await another(browser, server, "viewer");
  const found = await viewer.goto(here);
  expect(found?.status()).toBe(404);
  await viewer.context().close();
});

test("an agent of the server itself says that it reads no messages", async ({ page, server }) => {
  await visit(page, "/orchestration/agents");
  await page.getByRole("link", { name: "Ada", exact: true }).first().click();
  await page.getByRole("button", { name: "Message" }).click();
  await expect(page).toHaveURL(/direct-/);
  await say(page, "Hello?");
  await expect(message(list(page), "reads its tasks, no messages").last()).toBeVisible({ timeout: 20_000 });
});
