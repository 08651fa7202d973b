import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { record, type Tape, type TapePlan } from "./tape.ts";

/** A line of `--stdout jsonl`, as far as it is looked at. */
export interface Line {
  readonly type: string;
  readonly id: string;
  readonly start: string;
  readonly end: string;
  readonly text: string;
  readonly final: boolean;
  readonly words: readonly { readonly word: string; readonly start: string; readonly end: string }[];
}

export interface AgentRun {
  readonly tape: Tape;
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Wall clock. */
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Settings beside those of the run itself, as TOML's tables and keys. */
export type Settings = Readonly<
  Record<"sis" | "sis.auth" | "audio", Readonly<Record<string, string | number | boolean>>>
>;

const root = fileURLToPath(new URL("../../..", import.meta.url));
const node = join(root, "node_modules/.bin/node");

/** Runs the real program on a tape, until it ends by itself; killed `graceMs` after the tape's end at the latest. */
export async function runAgent(plan: TapePlan, settings: Settings, token: string, graceMs: number): Promise<AgentRun> {
  const folder = await mkdtemp(join(tmpdir(), "other-service-"));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const tape = await record(join(folder, "tape.wav"), plan);
  await writeFile(join(folder, "token"), `${token}\n`);
  const tables = { ...settings, audio: { source: "file", path: "tape.wav", ...settings.audio } };
  await writeFile(join(folder, "agent.toml"), toml({ state_dir: folder }, tables));

  const startedMs = Date.now();
  const child = spawn(node, ["src/main.ts", "run", "--config", join(folder, "agent.toml"), "--stdout", "jsonl"], {
    cwd: root,
    env: { PATH: process.env["PATH"], HOME: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const speed = Number(settings.audio["speed"] ?? 1);
  const kill = setTimeout(() => child.kill("SIGKILL"), tape.lengthMs / speed + graceMs);
  cleanUp.defer(() => clearTimeout(kill));
  const endedMs = new Promise<number>((resolve) => {
    child.once("exit", () => resolve(Date.now()));
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (...how) => resolve(how));
  });
  return { tape, code, signal, stdout, stderr, startedMs, endedMs: await endedMs };
}

type Table = Settings[keyof Settings];

function toml(top: Table, tables: Settings): string {
  const lines = (table: Table) => Object.entries(table).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  const parts = Object.entries(tables).map(([name, table]) => `\n[${name}]\n${lines(table).join("")}`);
  return [...lines(top), ...parts].join("");
}
