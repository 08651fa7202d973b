import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { wavHeader } from "../../../src/audio/wav.ts";

/** A line of `run --stdout jsonl`, as far as tests look at it. */
export interface TranscriptLine {
  readonly type: string;
  readonly id: string;
  readonly start: string;
  readonly end: string;
  readonly text: string;
  readonly final: boolean;
  readonly resumed: boolean;
}

const main = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

/** The agent as users run it: a process of its own, with a configuration file. Disposing kills it and removes its files. */
export async function startAgentProcess(options: {
  /** Configuration without `state_dir` and `device_id`; `{{wav}}` stands for the path of `sound`. */
  readonly config: string;
  readonly sound?: { readonly samples: Int16Array; readonly sampleRate: number };
  readonly env?: Readonly<Record<string, string>>;
  /** Where an earlier process kept its state. Default: a new folder. */
  readonly stateDir?: string;
  /** What runs the agent; default: the source tree. */
  readonly program?: readonly [file: string, ...args: string[]];
  readonly cwd?: string;
}) {
  const folder = await mkdtemp(join(tmpdir(), "sis-agent-test-"));
  const wav = join(folder, "sound.wav");
  if (options.sound !== undefined) {
    const { samples, sampleRate } = options.sound;
    const header = wavHeader({ encoding: "s16", channels: 1, sampleRate }, samples.byteLength);
    await writeFile(wav, Buffer.concat([header, Buffer.from(samples.buffer)]));
  }
  const configFile = join(folder, "agent.toml");
  const state = options.stateDir ?? join(folder, "state");
  await writeFile(
    configFile,
    `device_id = "test-device"\nstate_dir = "${state}"\n${options.config.replaceAll("{{wav}}", wav)}`,
  );
  const [file, ...args] = options.program ?? [process.execPath, main];
  const child = spawn(file, [...args, "run", "--config", configFile, "--stdout", "jsonl"], {
    stdio: ["pipe", "pipe", "pipe"],
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  });
  // Only then is all it has said read.
  const ended = once(child, "close");
  const lines: TranscriptLine[] = [];
  const waiting = new Set<() => void>();
  let log = "";
  createInterface(child.stdout).on("line", (line) => {
    lines.push(JSON.parse(line) as TranscriptLine);
    for (const check of waiting) check();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
    for (const check of waiting) check();
  });

  return {
    child,
    lines,
    get log() {
      return log;
    },
    /** Texts of the final transcripts so far. */
    get texts(): readonly string[] {
      return lines.filter((line) => line.final).map((line) => line.text);
    },
    /** Resolves when `condition` holds; fails with the log after `deadlineMs`. */
    async until(what: string, condition: () => boolean, deadlineMs = 40_000): Promise<void> {
      const held = Promise.withResolvers<undefined>();
      const check = () => {
        if (condition()) held.resolve(undefined);
      };
      waiting.add(check);
      const timer = setTimeout(
        () => held.reject(new Error(`not within ${deadlineMs} ms: ${what}\n${log}`)),
        deadlineMs,
      );
      check();
      try {
        await held.promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(check);
      }
    },
    /** Its exit code, once it has ended by itself. */
    async exit(deadlineMs: number): Promise<number | null> {
      const timer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
      await ended;
      clearTimeout(timer);
      assert.notEqual(child.signalCode, "SIGKILL", `still running after ${deadlineMs} ms\n${log}`);
      return child.exitCode;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
