// What a browser has to fetch before a page answers: the JavaScript, what every page needs of the WebAssembly, and the
// piece the page is in. What it fetches for later, in an idle moment, does not count.
import { type APIRequestContext } from "@playwright/test";
import { expect, test } from "./support/test";
import { begin } from "./support/workflow";

/** The budget of a first page, compressed. */
const BYTES_MAX = 500_000;

/** Pages a visit begins with. */
const FIRST = [
  "/signin",
  "/welcome",
  "/orchestration",
  "/orchestration/workflows",
  "/orchestration/agents",
  "/orchestration/approvals",
  "/communication",
  "/communication/channels",
  "/communication/threads",
  "/help",
] as const;

/** Every file of the browser's half that the page's head names, by how it is wanted. */
function named(html: string, how: string): string[] {
  const links = html.match(/<link [^>]*>/g) ?? [];
  const wanted = links.filter(link => link.includes(`rel="${how}"`) && link.includes("/pkg/"));
  return wanted.map(link => /href="([^"]+)"/.exec(link)?.[1] ?? "");
}

async function compressed(request: APIRequestContext, href: string): Promise<number> {
  const answer = await request.get(href, { headers: { "accept-encoding": "br" } });
  expect(answer.headers()["content-encoding"], `${href} lies compressed`).toBe("br");
  return Number(answer.headers()["content-length"]);
}

/** Fetches what the page's head names and weighs it. */
async function weigh(request: APIRequestContext, path: string): Promise<void> {
  const html = await (await request.get(path)).text();
  const files = [...named(html, "modulepreload"), ...named(html, "preload")];
  expect(files.filter(file => file.endsWith(".wasm")), "WebAssembly is fetched early").not.toEqual([]);
  expect(new Set(files).size, "nothing is asked for twice").toBe(files.length);
  let bytes = 0;
  for (const file of files) bytes += await compressed(request, file);
  console.log(`    ${path}: ${(bytes / 1000).toFixed(1)} kB in ${files.length} files`);
  expect(bytes).toBeLessThanOrEqual(BYTES_MAX);
}

for (const path of FIRST) {
  test(`${path} is awake after at most ${BYTES_MAX / 1000} kB`, async ({ page, visitor }) => {
    await weigh((path === "/signin" ? visitor : page).request, path);
  });
}

test(`a workflow and a task are awake after at most ${BYTES_MAX / 1000} kB`, async ({ page }) => {
  const workflow = await begin(page);
  await weigh(page.request, workflow);
  const task = await page.getByRole("group", { name: /^Workflow graph/ }).getByRole("link").first().getAttribute("href");
  const id = new URL(task ?? "", page.url()).searchParams.get("task");
  expect(id, "a node leads to its task").not.toBeNull();
  await weigh(page.request, `${workflow}/tasks/${id}`);
});

test(`a channel is awake after at most ${BYTES_MAX / 1000} kB`, async ({ page }) => {
  const workflow = await begin(page);
  const channel = `/communication/channels/workflow-${workflow.split("/").pop()}`;
  await expect.poll(async () => (await page.request.get(channel)).status(), { timeout: 20_000 }).toBe(200);
  await weigh(page.request, channel);
});
