// The first minute: one link from the terminal, and the product is there.
import { expectAccessible, expectNoSidewaysScroll, screens, visit } from "./support/page";
import { expect, test } from "./support/test";

test("the link in the terminal opens the product, awake and without a complaint", async ({ page }) => {
  await visit(page, "/");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await screens(page, "opening");
});

test("the first page can be used by everybody, in both themes", async ({ page }) => {
  await visit(page, "/");
  await expectAccessible(page);
});

test("the first page fits a phone", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await visit(page, "/");
  await expectNoSidewaysScroll(page);
});

test("the link is good for one use", async ({ server, owner, visitor }) => {
  expect(owner.cookies, "the first use signed the owner in").not.toEqual([]);
  await visitor.request.get(server.signInLink);
  expect(await visitor.context().cookies()).toEqual([]);
});
