// `test` and `expect` for stories: a signed-in page on a server of the worker's own, watched for complaints.
//
//   test("…", async ({ page }) => …)      signed in as the owner; the worker's server, shared by the stories of a file
//   test("…", async ({ visitor }) => …)   the same server, not signed in
//   test("…", async ({ fresh }) => …)     a server nobody has touched yet, for this story alone
import { type BrowserContext, type Page, test as base, expect } from "@playwright/test";
import { Complaints } from "./page";
import { type Server, startServer } from "./server";

type SignedIn = Awaited<ReturnType<BrowserContext["storageState"]>>;

type ForWorker = { server: Server; owner: SignedIn };
type ForTest = { complaints: Complaints; visitor: Page; fresh: Server };

export const test = base.extend<ForTest, ForWorker>({
  server: [
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.stop();
    },
    { scope: "worker", timeout: 90_000 },
  ],

  // The link is good for one use: sign in once, keep the cookie.
  owner: [
    async ({ browser, server }, use) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(server.signInLink);
      await use(await context.storageState());
      await context.close();
    },
    { scope: "worker", timeout: 90_000 },
  ],

  baseURL: async ({ server }, use) => use(server.url),
  storageState: async ({ owner }, use) => use(owner),

  complaints: [
    async ({}, use) => {
      const complaints = new Complaints();
      await use(complaints);
      expect(complaints.unexpected(), "the page complained").toEqual([]);
    },
    { auto: true },
  ],

  page: async ({ page, complaints }, use) => {
    complaints.listen(page);
    await use(page);
  },

  visitor: async ({ browser, server, complaints }, use) => {
    const context = await browser.newContext({ baseURL: server.url, storageState: { cookies: [], origins: [] } });
    const page = await context.newPage();
    complaints.listen(page);
    await use(page);
    await context.close();
  },

  fresh: [
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.stop();
    },
    { timeout: 90_000 },
  ],
});

export { expect };
