// What people steer beside deciding: a question is answered, a task kept for somebody, a workflow made urgent.
import { arguing, asking } from "./support/agent";
import { awake, expectAccessible, expectNoSidewaysScroll, screens, visit } from "./support/page";
import { expect, test } from "./support/test";

for (const width of [360, 1280]) {
  test(`a question is answered where it stands under Needs you at ${width} px`, async ({ page, server }) => {
    await page.setViewportSize({ width, height: 800 });
    const of = await asking(server);
    await visit(page, "/orchestration/approvals");
    const card = page.getByRole("article").filter({ hasText: of.name });
    await expect(card.getByRole("heading", { name: "Which wood shall I take?" })).toBeVisible();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await screens(page, `asked-${width}`);
    await page.setViewportSize({ width, height: 800 });
    await card.getByLabel("Your answer").fill("Oak, and pine for the door.");
    await card.getByRole("button", { name: "Answer" }).click();
    await expect(card).toHaveCount(0);
  });
}

test("a question is answered on its task's page by keyboard, and the task is kept for somebody", async ({ page, server, complaints }) => {
  complaints.expect(/422.*steer_task/); // the choice that is refused
  const of = await asking(server);
  await visit(page, `${of.run}?task=${of.task}`);
  const panel = page.getByRole("complementary", { name: "Build it" });
  await expect(panel.getByRole("heading", { name: "Which wood shall I take?" })).toBeVisible();
  await expect(panel.getByText(`${of.agent} asked a person`)).toBeVisible();
  await expectAccessible(page);
  await screens(page, "asked-panel");
  await page.setViewportSize({ width: 1280, height: 800 });
  await panel.getByRole("button", { name: "Pine" }).press("Enter");
  await expect(panel.getByRole("heading", { name: "Which wood shall I take?" })).toHaveCount(0);

  // Only an admin's reason gives it to somebody without the skills.
  await panel.getByText("Assign…").press("Enter");
  const baker = of.agent.replace("Builder", "Baker");
  await panel.getByLabel("Keep it for").selectOption({ label: `${baker}, without the skills` });
  await panel.getByRole("button", { name: "Assign" }).click();
  await expect(page.getByText("an admin may choose it all the same")).toBeVisible();
  await panel.getByLabel("Reason").fill("It learns.");
  await panel.getByRole("button", { name: "Assign" }).click();
  await expect(panel.getByText(`Kept for ${baker}…`)).toBeVisible();
  await expect(panel.getByText(`A person keeps it for ${baker}`)).toBeVisible();
});

test("a workflow is made urgent, and a viewer's page of it says so at once", async ({ page, context, server }) => {
  const of = await asking(server);
  await visit(page, of.run);
  const second = await context.newPage();
  await visit(second, of.run);
  await page.getByRole("button", { name: "Priority" }).click();
  const dialog = page.getByRole("dialog", { name: "How urgent is this workflow?" });
  await dialog.getByLabel("Priority").selectOption("urgent");
  await expectAccessible(page, "dialog[open]");
  await dialog.getByRole("button", { name: "Set priority" }).click();
  await expect(dialog).toBeHidden();
  await expect(second.getByText("Urgent priority")).toBeVisible();
  await awake(second);
});

for (const width of [360, 1280]) {
  test(`what agents cannot agree about is settled under Needs you at ${width} px`, async ({ page, server }) => {
    await page.setViewportSize({ width, height: 800 });
    const of = await arguing(server);
    await visit(page, "/orchestration/approvals");
    const card = page.getByRole("article").filter({ hasText: of.name });
    await expect(card.getByRole("heading", { name: "A bench or two chairs?" })).toBeVisible();
    await expect(card.getByRole("link", { name: of.agents[1] })).toBeVisible();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await screens(page, `dispute-${width}`);
    await page.setViewportSize({ width, height: 800 });
    await card.getByLabel("How is it settled?").fill("A bench, and one chair.");
    await card.getByRole("button", { name: "Settle it" }).press("Enter");
    await expect(card).toHaveCount(0);
  });
}

test("a disagreement stands with its task, and is settled there by keyboard for everybody who looks", async ({ page, context, server }) => {
  const of = await arguing(server);
  const second = await context.newPage();
  await visit(second, `${of.run}/tasks/${of.task}`);
  await page.bringToFront();
  await visit(page, `${of.run}?task=${of.task}`);
  await expect(page.getByRole("heading", { name: "Disagreements" })).toBeVisible();
  await expect(page.getByRole("list", { name: "Proposals, oldest first" }).getByRole("listitem")).toHaveCount(6);
  await expectAccessible(page);
  await screens(page, "disagreement");
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByLabel("How is it settled?").fill("A bench, and one chair.");
  await page.getByRole("button", { name: "Settle it" }).press("Enter");
  await expect(page.getByRole("button", { name: "Settle it" })).toHaveCount(0);
  // Who looks at the task elsewhere sees it without loading anything anew.
  await expect(second.getByText("A bench, and one chair.")).toBeVisible();
});
