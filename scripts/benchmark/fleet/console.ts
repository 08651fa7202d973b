import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Batch, Glance } from "../../../src/console/wire.ts";

const main = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

/** The console as users run it, with one page open. */
export interface BenchConsole extends AsyncDisposable {
  readonly pid: number;
  /** The latest glance at the fleet; null: none yet. */
  glance(): Glance | null;
  /** Milliseconds from an alarm's publication to its coming out of the page's stream of events, since the last call. */
  takeLatencies(): readonly number[];
}

export async function startConsole(url: string): Promise<BenchConsole> {
  const child = spawn(
    process.execPath,
    [main, "fleet", "--mqtt", url, "--listen", "127.0.0.1:0", "--log-level", "warn"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const page = urlIn(await firstLine(child));
  const scope = new AbortController();
  let glance: Glance | null = null;
  let latencies: number[] = [];

  const seen = new Map<string, string>();
  const take = (batch: Batch) => {
    const nowMs = Date.now();
    for (const { k, al } of batch.rows) {
      const code = al.find(([, each]) => each.startsWith("at-"))?.[1] ?? "";
      if (code !== "" && seen.get(k) !== code && !batch.reset) latencies.push(nowMs - Number(code.split("-")[1]));
      seen.set(k, code);
    }
    if (batch.glance !== null) glance = batch.glance;
  };
  const reading = read(`${page}api/stream`, scope.signal, take).catch((error: unknown) => {
    if (!scope.signal.aborted) throw error;
  });

  return {
    pid: child.pid ?? 0,
    glance: () => glance,
    takeLatencies() {
      const taken = latencies;
      latencies = [];
      return taken;
    },
    async [Symbol.asyncDispose]() {
      scope.abort();
      await reading;
      await stop(child);
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes("\n")) break;
  }
  return text;
}

function urlIn(line: string): string {
  const facts: unknown = JSON.parse(line);
  if (typeof facts === "object" && facts !== null && "url" in facts) return String(facts.url);
  throw new Error(`the console does not tell where its page is: ${line}`);
}

async function read(url: string, signal: AbortSignal, take: (batch: Batch) => void): Promise<void> {
  const response = await fetch(url, { signal });
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const parts = text.split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) if (part.startsWith("data: ")) take(batchOf(part.slice(6)));
  }
}

function batchOf(text: string): Batch {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it comes from the program that is measured
  return JSON.parse(text) as Batch;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
