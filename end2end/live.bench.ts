// From a commit to the page: how long after a task's completion was acknowledged, that is, was on disk, the open page shows it.
//
// A browser has a run of 60 tasks open. An agent beside it completes them one after the other over HTTP, at a random pace. In the
// page an observer notes when the node's status changes. Both read the same machine's clock, to the millisecond. `./dev bench live`
import { randomUUID } from "node:crypto";
import { visit } from "./support/page";
import { expect, test } from "./support/test";

const LAYERS = 6;
const WIDTH = 10;
const GATE_P50_MS = 50;
/** Pause between two completions: on average well above what one takes, so that each is measured by itself. */
const PAUSE_MS_MAX = 120;

type Lease = { attempt_id: string; task_id: string; fence: number };
type Seen = { task: string; at: number };

test("from commit to page", async ({ page, server }) => {
  test.setTimeout(180_000);
  const post = async <T>(path: string, token: string, body: unknown): Promise<T> => {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": randomUUID() },
      body: JSON.stringify(body),
    });
    expect(answer.ok, `${path}: ${answer.status}`).toBe(true);
    return (await answer.json()) as T;
  };
  const agent = await post<{ token: string }>("/agents", server.token, { name: "bench", capacity: 1 });
  const key = (layer: number, place: number) => `t${layer}-${place}`;
  const tasks = Array.from({ length: LAYERS * WIDTH }, (_, nth) => {
    const [layer, place] = [Math.floor(nth / WIDTH), nth % WIDTH];
    const needs = layer === 0 ? [] : [key(layer - 1, place), key(layer - 1, (place + 1) % WIDTH)];
    return { key: key(layer, place), needs };
  });
  const { id } = await post<{ id: string }>("/workflows", server.token, { name: "live", tasks });

  await visit(page, `/orchestration/workflows/${id}`);
  await page.evaluate(() => {
    const seen: Seen[] = [];
    new MutationObserver(records => {
      const at = Date.now();
      for (const { target } of records) {
        const node = target as HTMLElement;
        if (node.dataset.status === "completed") seen.push({ task: node.id.replace("node-", ""), at });
      }
    }).observe(document.body, { subtree: true, attributeFilter: ["data-status"] });
    Object.assign(window, { seen });
  });

  const committed = new Map<string, { sent: number; answered: number }>();
  while (committed.size < tasks.length) {
    const { leases } = await post<{ leases: Lease[] }>("/claims", agent.token, { max: 1, wait_ms: 2_000 });
    const [lease] = leases;
    if (!lease) continue;
    await new Promise(wake => setTimeout(wake, Math.random() * PAUSE_MS_MAX));
    const sent = Date.now();
    await post(`/attempts/complete`, agent.token, { items: [{ attempt_id: lease.attempt_id, fence: lease.fence }] });
    committed.set(lease.task_id, { sent, answered: Date.now() });
  }

  const seen = () => page.evaluate(() => (window as unknown as { seen: Seen[] }).seen);
  await expect.poll(async () => (await seen()).length).toBe(tasks.length);
  const [fromSent, fromAnswer]: [number[], number[]] = [[], []];
  for (const { task, at } of await seen()) {
    const times = committed.get(task);
    expect(times, `${task} was completed`).toBeDefined();
    if (!times) continue;
    fromSent.push(at - times.sent);
    fromAnswer.push(at - times.answered);
  }
  const line = (what: string, times: number[]) => {
    const sorted = times.toSorted((one, other) => one - other);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
    console.log(`${what}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, max ${at(1)} ms, n = ${sorted.length}`);
    return at(0.5);
  };
  line("completion sent → page", fromSent);
  const p50 = line("commit acknowledged → page", fromAnswer);
  expect(p50, "p50 in ms").toBeLessThanOrEqual(GATE_P50_MS);
});
