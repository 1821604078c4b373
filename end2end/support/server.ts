// A server of one's own: the real binary on a port that the system chooses, with an empty data directory, gone when the test is over.
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const BINARY = resolve(process.env.DEVSQUAD_BIN ?? join(__dirname, "../../target/debug/devsquad"));
const LOGS = join(__dirname, "../test-results/servers");

/** A first start makes a database cluster; on a busy machine of two cores that has taken 10 s. */
const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;

export type Server = {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  url: string;
  /** Signs the first owner in; good for one use. */
  signInLink: string;
  /** Acts as the owner at the HTTP interface. */
  token: string;
  /** The keys of its chat. */
  chat: { api_key: string; api_secret: string };
  /** What the server has written so far. */
  output: () => string;
  /** Adds a person beside the owner; they sign in with that address and password. */
  add: (email: string, role: string, password: string) => Promise<void>;
  stop: () => Promise<void>;
};

type Program = { url: string; data: string; output: () => string; stop: () => Promise<void> };

/** Starts our program on a data directory of its own and waits until it says where it runs; `stop` leaves nothing behind. */
async function start<T>(command: string[], env: Record<string, string>, then: (program: Program) => T | Promise<T>): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), "devsquad-"));
  chmodSync(data, 0o711); // under root the database runs as another user, who must get through
  const child = spawn(BINARY, [...command, "--addr", "127.0.0.1:0"], {
    env: { ...process.env, DEVSQUAD_DATA_DIR: data, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = async () => {
    await stopProcess(child);
    rmSync(data, { recursive: true, force: true });
  };
  const output = collect(child);
  try {
    return await then({ url: await runsAt(child, output), data, output, stop });
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}; it said:\n${output()}`);
  }
}

/** Starts a server and waits until it answers. */
export function startServer(env: Record<string, string> = {}): Promise<Server> {
  return start(["serve"], env, async ({ url, data, output, stop }) => {
    const signInLink = await link(output, url);
    const { token } = JSON.parse(readFileSync(join(data, "server.json"), "utf8")) as { token: string };
    const chat = env.STREAM_API_KEY
      ? { api_key: env.STREAM_API_KEY, api_secret: env.STREAM_API_SECRET ?? "" }
      : keys(data);
    const add = (email: string, role: string, password: string) => addPerson(data, email, role, password);
    return { url, signInLink, token, chat, output, add, stop };
  });
}

const keys = (data: string) => JSON.parse(readFileSync(join(data, "chat.json"), "utf8")) as Server["chat"];

/** A chat server by itself, with what another server is told to use it. */
export type Chat = { env: Record<string, string>; stop: () => Promise<void> };

/** Starts one and waits until it answers. */
export function startChat(): Promise<Chat> {
  return start(["chat", "serve"], {}, ({ url, data, stop }) => {
    const { api_key, api_secret } = keys(data);
    return { env: { STREAM_BASE_URL: url, STREAM_API_KEY: api_key, STREAM_API_SECRET: api_secret }, stop };
  });
}

async function addPerson(data: string, email: string, role: string, password: string): Promise<void> {
  const name = email.split("@")[0] ?? email;
  const child = spawn(BINARY, ["user", "create", email, "--name", name, "--role", role], {
    env: { ...process.env, DEVSQUAD_DATA_DIR: data },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk));
  child.stdin.end(password);
  const code = await new Promise(done => child.once("close", done));
  if (code !== 0) throw new Error(`${email} could not be added: ${said}`);
}

/** Gathers what the server writes, in memory and in a file to read after a failure. */
function collect(child: ChildProcess): () => string {
  mkdirSync(LOGS, { recursive: true });
  const file = createWriteStream(join(LOGS, `${child.pid}.txt`));
  let text = "";
  const keep = (chunk: Buffer) => {
    text += chunk;
    file.write(chunk);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  child.once("error", error => keep(Buffer.from(`${error}\n`)));
  child.once("close", () => file.end());
  return () => text;
}

/** Our program says it once it answers. */
async function runsAt(child: ChildProcess, output: () => string): Promise<string> {
  let gone = false;
  child.once("error", () => (gone = true));
  child.once("exit", () => (gone = true));
  return until(READY_MS_MAX, "it did not get ready", async () => {
    if (gone) throw new Error("it ended before it was ready");
    return / runs at (\S+?)\.?\s/.exec(output())?.[1];
  });
}

async function link(output: () => string, url: string): Promise<string> {
  const pattern = new RegExp(`${url.replaceAll(".", "\\.")}/open/[^\\s"'<>\\x1b]+`);
  return until(5_000, "the server printed no sign-in link", async () => pattern.exec(output())?.[0]);
}

/** Asks again and again until there is an answer. */
async function until<T>(ms_max: number, otherwise: string, ask: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + ms_max;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${otherwise} within ${ms_max / 1000} s`);
    await new Promise(wake => setTimeout(wake, 50));
  }
}

/** Asks politely, then insists. */
async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>(done => child.once("exit", () => done()));
  child.kill("SIGTERM");
  const insist = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
  await ended;
  clearTimeout(insist);
}
