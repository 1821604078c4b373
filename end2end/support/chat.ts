// What is said in the chat beside the page: by the chat's application, and by a second person.
import { type Browser, type Locator, type Page, expect as plainExpect } from "@playwright/test";
import { createHmac } from "node:crypto";
import { type Waiting, waiting } from "./agent";
import { awake, visit } from "./page";
import type { Server } from "./server";

export const list = (page: Page) => page.getByRole("list", { name: "Messages", exact: true });
export const replies = (page: Page) => page.getByRole("list", { name: "Replies", exact: true });
export const message = (within: Locator, text: string | RegExp) => within.locator("li[data-id]").filter({ hasText: text });

/** Opens a page of a workflow that waits for a person. The chat hears of the work a moment later than the engine decides it. */
export async function open(page: Page, server: Server, path: (of: Waiting) => string): Promise<Waiting> {
  const of = await waiting(server);
  const thread = `${server.url}${of.thread}`;
  await plainExpect.poll(async () => await (await page.request.get(thread)).text(), { timeout: 20_000 }).toContain("Decision asked");
  await visit(page, path(of));
  return of;
}

/** Writes it on the page and waits until it stands there. */
export async function say(page: Page, text: string, shown = text): Promise<void> {
  const field = page.locator("#composer");
  await field.fill(text);
  await field.press("Enter");
  await plainExpect(message(list(page), shown).last()).toBeVisible();
  await plainExpect(field).toHaveValue("");
}

/** Says something in a channel as the chat's application, in the name of somebody there is no page of. */
export async function sayAs(server: Server, channel: string, user: string, text: string, silent = false): Promise<void> {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = `${part({ alg: "HS256", typ: "JWT" })}.${part({ server: true })}`;
  const token = `${claims}.${createHmac("sha256", server.chat.api_secret).update(claims).digest("base64url")}`;
  const id = channel.split("/").pop() ?? "";
  const answer = await fetch(`${server.url}/chat/channels/squad/${id}/message?api_key=${server.chat.api_key}`, {
    method: "POST",
    headers: { authorization: token, "stream-auth-type": "jwt", "content-type": "application/json" },
    body: JSON.stringify({ message: { text, user_id: user, silent } }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

/** Says many things, which nobody has to read, in the order of their numbers where `at_once` is 1. */
export async function sayMany(server: Server, channel: string, count: number, text: (nth: number) => string, at_once = 1): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await sayAs(server, channel, "bench", text(++next), true);
  };
  await Promise.all(Array.from({ length: at_once }, worker));
}

/** A second person, signed in in a browser of their own. */
export async function another(browser: Browser, server: Server, role: string): Promise<Page> {
  const email = `${role}-${++people}-${process.pid}@example.org`;
  const password = "a password long enough";
  await server.add(email, role, password);
  const context = await browser.newContext({ baseURL: server.url, storageState: { cookies: [], origins: [] } });
  const page = await context.newPage();
  await visit(page, "/signin");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await plainExpect(page).not.toHaveURL(/signin/, { timeout: 20_000 });
  await awake(page);
  return page;
}
let people = 0;
