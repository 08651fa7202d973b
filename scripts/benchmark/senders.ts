import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Programs } from "./programs.ts";

/** Who is measured: the bare sender, the agent as it comes, and with every sound on disk. */
export const kinds = ["bare", "agent", "agent-disk"] as const;
export type Kind = (typeof kinds)[number];

/** A process that sends what is written to its standard input. Disposing ends it. */
export interface Sender extends AsyncDisposable {
  readonly kind: Kind;
  /** What the sink knows it by. */
  readonly name: string;
  readonly pid: number;
  write(frame: Uint8Array): void;
}

/** @param name also of its files; letters, digits and - */
export function startSender(kind: Kind, name: string, port: number, programs: Programs): Sender {
  const arguments_ = kind === "bare" ? bareArguments(name, port, programs) : agentArguments(kind, name, port, programs);
  const child = spawn(process.execPath, arguments_, { stdio: ["pipe", "ignore", "pipe"], env: bareEnvironment() });
  let complaints = "";
  child.stderr.on("data", (text: Buffer) => {
    complaints = `${complaints}${text.toString()}`.slice(-4000);
  });
  // A sender that ends by itself shows as frames that are missing; a broken pipe says nothing more.
  child.stdin.on("error", () => {});
  const exited = once(child, "exit");
  return {
    kind,
    name,
    pid: pidOf(child),
    write(frame) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${name} has ended: ${complaints}`);
      child.stdin.write(frame);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function bareArguments(name: string, port: number, { bareSender }: Programs): string[] {
  return [bareSender, `ws://127.0.0.1:${port}/v1/${name}/rasr/continue-stream`];
}

function agentArguments(kind: Kind, name: string, port: number, { agent, folder }: Programs): string[] {
  const file = path.join(folder, `${name}.toml`);
  const settings = [
    'device_id = "bench"',
    `state_dir = ${JSON.stringify(path.join(folder, `${name}-state`))}`,
    "[sis]",
    `endpoint = "ws://127.0.0.1:${port}"`,
    `project_id = "${name}"`,
    "[audio]",
    'source = "stdin"',
    ...(kind === "agent-disk" ? ["[buffer]", 'disk = "always"'] : []),
  ];
  writeFileSync(file, `${settings.join("\n")}\n`);
  return [agent, "run", "--config", file];
}

/** Nothing that changes how Node runs. */
function bareEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"] };
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error("the process cannot be started");
  return pid;
}
