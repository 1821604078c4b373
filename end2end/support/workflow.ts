// A workflow that stands still while it is looked at.
import { type Page, expect } from "@playwright/test";
import { awake, visit } from "./page";

/** A diamond that waits for an agent nobody has. */
const DIAMOND = `
name: Move the house
priority: high
tasks:
  - {key: pack, name: Pack the boxes, skills: [{skill: lifting, level: 4}]}
  - {key: van, name: Load the van, needs: [pack], skills: [{skill: lifting}]}
  - {key: clean, name: Clean the rooms, needs: [pack], skills: [{skill: cleaning}]}
  - {key: keys, name: Hand over the keys, needs: [van, clean], skills: [{skill: talking}], checks: [{kind: approval, title: Are the keys right?}]}
`;

/** Begins it and gives its address. */
export async function begin(page: Page): Promise<string> {
  await visit(page, "/orchestration/workflows/create?source=file");
  await page.locator("#import-text").fill(DIAMOND);
  await page.locator("main form button[type=submit]").last().click();
  await expect(page).toHaveURL(/\/orchestration\/workflows\/[0-9a-f-]{36}/, { timeout: 20_000 });
  await awake(page);
  return new URL(page.url()).pathname;
}
