// From an empty install to an approved report: link → wizard → health check → approval → download, on a phone and on a desktop.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { awake, expectAccessible, expectNoSidewaysScroll } from "./support/page";
import { expect, test } from "./support/test";

const git = (at: string, ...words: string[]) =>
  execFileSync("git", ["-C", at, "-c", "user.name=Nora", "-c", "user.email=nora@example.org", ...words], { encoding: "utf8" });

function repository(): string {
  const at = mkdtempSync(join(tmpdir(), "shop-"));
  git(at, "init", "-q");
  writeFileSync(join(at, "shop.py"), "# TODO: discounts\nprint('open')\n");
  writeFileSync(join(at, "README.md"), "# Shop\n");
  git(at, "add", "-A");
  git(at, "commit", "-qm", "Open the shop");
  return at;
}

for (const width of [360, 1280]) {
  test(`a newcomer gets an approved report at ${width} px`, async ({ browser, fresh, complaints }) => {
    test.setTimeout(300_000);
    const path = repository();
    const context = await browser.newContext({
      viewport: { width, height: 800 },
      storageState: { cookies: [], origins: [] },
      baseURL: fresh.url,
    });
    const page = await context.newPage();
    complaints.listen(page);

    await page.goto(fresh.signInLink);
    await expect(page).toHaveURL(/\/welcome/);
    await awake(page);
    await expectAccessible(page);
    await page.getByRole("button", { name: "Continue" }).click();
    await expect(page.getByRole("heading", { name: "Meet your squad" })).toBeVisible();
    await awake(page);
    await page.getByRole("button", { name: "Continue" }).click();
    await expect(page.getByRole("heading", { name: "Pick a first mission" })).toBeVisible();
    await awake(page);
    await page.locator('input[name="parameters[path]"]').fill(path);
    await page.getByRole("button", { name: "Continue" }).click();
    await expect(page.getByRole("heading", { name: "Review and launch" })).toBeVisible();
    await awake(page);
    await expectNoSidewaysScroll(page);
    await page.getByRole("button", { name: "Launch the squad" }).click();

    await expect(page).toHaveURL(/\/orchestration\/workflows\/[0-9a-f-]{36}/, { timeout: 30_000 });
    const run = page.url();
    await awake(page);
    await expectNoSidewaysScroll(page);
    // The page itself says so when a person is needed: nobody reloads it.
    await expect(page.getByText("Needs approval").first()).toBeVisible({ timeout: 120_000 });
    await expectAccessible(page);

    await page.goto("/orchestration/approvals");
    await awake(page);
    await expectAccessible(page);
    const download = page.waitForEvent("download");
    await page.locator('a[download="report.md"]').first().click();
    expect((await download).suggestedFilename()).toBe("report.md");
    await page.getByRole("button", { name: "Approve" }).first().click();
    await expect(page.getByRole("button", { name: "Approve" })).toHaveCount(0, { timeout: 20_000 });

    await page.goto(run);
    await expect(page.getByText("Completed").first()).toBeVisible({ timeout: 20_000 });
    await context.close();
    rmSync(path, { recursive: true, force: true });
  });
}

/** Presses Tab until this has the focus: what cannot be reached so cannot be used by keyboard. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 80; presses++) {
    if (await target.evaluate(element => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`the Tab key never reaches ${String(target)}`);
}

test("the first run needs no mouse", async ({ browser, fresh, complaints }) => {
  test.setTimeout(300_000);
  const path = repository();
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    storageState: { cookies: [], origins: [] },
    baseURL: fresh.url,
  });
  const page = await context.newPage();
  complaints.listen(page);
  const press = async (name: string) => {
    await awake(page);
    await tabTo(page, page.getByRole("button", { name, exact: true }));
    await page.keyboard.press("Enter");
  };

  await page.goto(fresh.signInLink);
  await press("Continue");
  await expect(page.getByRole("heading", { name: "Meet your squad" })).toBeVisible();
  await press("Continue");
  await expect(page.getByRole("heading", { name: "Pick a first mission" })).toBeVisible();
  await awake(page);
  await tabTo(page, page.locator('input[name="parameters[path]"]'));
  await page.keyboard.type(path);
  await press("Continue");
  await expect(page.getByRole("heading", { name: "Review and launch" })).toBeVisible();
  await press("Launch the squad");

  await expect(page).toHaveURL(/\/orchestration\/workflows\/[0-9a-f-]{36}/, { timeout: 30_000 });
  await awake(page);
  const report = page.getByRole("main").getByText("Waits for your decision:").locator("..").getByRole("link");
  await expect(report).toBeVisible({ timeout: 120_000 });
  await tabTo(page, report);
  await page.keyboard.press("Enter");
  const panel = page.getByRole("complementary", { name: "Write the report" });
  await tabTo(page, panel.getByRole("button", { name: "Approve" }));
  await page.keyboard.press("Enter");
  await expect(page.getByText("Completed. The result is with")).toBeVisible({ timeout: 20_000 });
  // The button is gone; who works by keyboard is still in the panel.
  await expect(panel.getByRole("heading", { name: "Write the report" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(panel).toHaveCount(0);

  // And through the rest of the product by its keys.
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await expect(page.getByRole("heading", { level: 1, name: "Agents" })).toBeVisible();
  await context.close();
  rmSync(path, { recursive: true, force: true });
});
