// A program that works: an agent of the story's own, at the HTTP interface.
import { randomUUID } from "node:crypto";
import type { Server } from "./server";

type Lease = { attempt_id: string; task_id: string; workflow_id: string; fence: number; key: string };

async function post<T>(server: Server, token: string, path: string, body: unknown): Promise<T> {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "idempotency-key": randomUUID(), "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** A workflow in which an agent asked a person something. */
export type Asking = { workflow: string; task: string; run: string; name: string; agent: string; token: string };

/** Asks for a task as the agent of that token, for as long as it may. */
export async function claim(server: Server, token: string): Promise<Lease> {
  const { leases } = await post<{ leases: Lease[] }>(server, token, "/claims", { max: 1, wait_ms: 20_000 });
  const lease = leases[0];
  if (!lease) throw new Error("the agent got no task");
  return lease;
}

/** Makes one, with an agent which asks; and one which has other skills. */
export async function asking(server: Server): Promise<Asking> {
  const nth = ++count;
  const skill = `building-${nth}-${process.pid}`;
  const name = `Build the shed ${nth}`;
  const join = (name: string, skill: string) =>
    post<{ token: string }>(server, server.token, "/agents", { name, skills: [{ skill, level: 3 }], capacity: 1 });
  const builder = await join(`Builder ${nth}`, skill);
  await join(`Baker ${nth}`, `baking-${nth}-${process.pid}`);
  const workflow = await post<{ id: string }>(server, server.token, "/workflows", {
    name,
    tasks: [{ key: "build", name: "Build it", skills: [{ skill, level: 1 }] }],
  });
  const lease = await claim(server, builder.token);
  const question = { fence: lease.fence, text: "Which wood shall I take?", options: ["Oak", "Pine"] };
  await post(server, builder.token, `/attempts/${lease.attempt_id}/ask`, question);
  const run = `/orchestration/workflows/${workflow.id}`;
  return { workflow: workflow.id, task: lease.task_id, run, name, agent: `Builder ${nth}`, token: builder.token };
}

/** A workflow whose one task was handed in by an agent and waits for a person. */
export type Waiting = { workflow: string; task: string; name: string; channel: string; thread: string };

let count = 0;

/** Makes one. Its name is its own, so that stories of one server do not meet. */
export async function waiting(server: Server): Promise<Waiting> {
  const nth = ++count;
  const skill = `drawing-${nth}-${process.pid}`;
  const name = `Paint the fence ${nth}`;
  const agent = await post<{ token: string }>(server, server.token, "/agents", {
    name: `Painter ${nth}`,
    skills: [{ skill, level: 3 }],
    capacity: 1,
  });
  const workflow = await post<{ id: string }>(server, server.token, "/workflows", {
    name,
    tasks: [{ key: "paint", name: "Paint it", skills: [{ skill, level: 1 }], checks: [{ kind: "approval", title: "Is the green right?" }] }],
  });
  const lease = await claim(server, agent.token);
  await post(server, agent.token, `/attempts/${lease.attempt_id}/complete`, { fence: lease.fence, output: { text: "Green." } });
  return {
    workflow: workflow.id,
    task: lease.task_id,
    name,
    channel: `/communication/channels/workflow-${workflow.id}`,
    thread: `/communication/channels/workflow-${workflow.id}?thread=task-${lease.task_id}`,
  };
}

/** A workflow in which two agents cannot agree: after six proposals people are asked. */
export type Arguing = { run: string; task: string; name: string; agents: [string, string] };

/** Makes one. */
export async function arguing(server: Server): Promise<Arguing> {
  const nth = ++count;
  const skill = `arguing-${nth}-${process.pid}`;
  const name = `Furnish the shed ${nth}`;
  const agents: [string, string] = [`Nia ${nth}`, `Tom ${nth}`];
  const join = (name: string) =>
    post<{ id: string; token: string }>(server, server.token, "/agents", { name, skills: [{ skill, level: 3 }], capacity: 1 });
  const both = [await join(agents[0]), await join(agents[1])] as const;
  const workflow = await post<{ id: string }>(server, server.token, "/workflows", {
    name,
    tasks: [{ key: "furnish", name: "Furnish it", skills: [{ skill, level: 1 }] }],
  });
  const { leases } = await post<{ leases: Lease[] }>(server, both[0].token, "/claims", { max: 1, wait_ms: 20_000 });
  const lease = leases[0];
  if (!lease) throw new Error("the agent got no task");
  const raised = await post<{ conflict_id: string }>(server, both[0].token, `/attempts/${lease.attempt_id}/conflict`, {
    fence: lease.fence,
    with: both[1].id,
    subject: "A bench or two chairs?",
    proposal: "A bench.",
  });
  for (let turn = 1; turn < 6; turn++) {
    const path = `/workflows/${workflow.id}/conflicts/${raised.conflict_id}/propose`;
    await post(server, both[turn % 2 === 0 ? 0 : 1].token, path, { text: turn % 2 === 0 ? "A bench." : "Two chairs." });
  }
  return { run: `/orchestration/workflows/${workflow.id}`, task: lease.task_id, name, agents };
}
