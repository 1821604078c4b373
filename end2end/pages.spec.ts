// Every page, in both themes, at the three sizes: usable by everybody, no wider than the window, without a complaint.
import { expectAccessible, expectNoSidewaysScroll, screens, visit } from "./support/page";
import { expect, test } from "./support/test";

const PAGES = [
  ["overview", "/orchestration"],
  ["workflows", "/orchestration/workflows"],
  ["create", "/orchestration/workflows/create"],
  ["agents", "/orchestration/agents"],
  ["new-agent", "/orchestration/agents/new"],
  ["approvals", "/orchestration/approvals"],
  ["chat", "/communication"],
  ["channels", "/communication/channels"],
  ["threads", "/communication/threads"],
  ["people", "/settings/people"],
  ["appearance", "/settings/appearance"],
  ["help", "/help"],
] as const;

for (const [name, path] of PAGES) {
  test(`${name} can be used by everybody`, async ({ page }) => {
    await visit(page, path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expectAccessible(page);
    await page.setViewportSize({ width: 320, height: 640 });
    await expectNoSidewaysScroll(page);
    await screens(page, name);
  });
}

test("signing in can be done by everybody", async ({ visitor }) => {
  await visit(visitor, "/signin");
  await expectAccessible(visitor);
});

test("pages can be read with JavaScript off", async ({ browser, server, owner }) => {
  const context = await browser.newContext({ baseURL: server.url, storageState: owner, javaScriptEnabled: false });
  const page = await context.newPage();
  for (const [, path] of PAGES) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  }
  await context.close();
});
