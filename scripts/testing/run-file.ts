import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type FileEnd, type FileEvent, type FileResult, fileResult } from "./file-result.ts";

/** How long one thing may take, ms. */
export interface Patience {
  /** A test that sets no limit of its own. */
  readonly testMs: number;
  /** A file of which nothing is heard: a loop that never yields, or a socket that keeps it from exiting. */
  readonly silenceMs: number;
}

const reporter = path.join(import.meta.dirname, "event-reporter.ts");
const keptOutput = 64 * 1024;

/**
 * Runs one test file in a process group of its own, and leaves nothing of the group behind.
 *
 * @param stop ends it early; its reason is told in the result
 */
export async function runFile(file: string, patience: Patience, stop: AbortSignal): Promise<FileResult> {
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    [`--test-timeout=${patience.testMs}`, `--test-reporter=${reporter}`, "--test-reporter-destination=stdout", file],
    { stdio: ["ignore", "pipe", "pipe", "pipe"], detached: true },
  );
  const group = child.pid;
  if (group === undefined) throw new Error(`${process.execPath} cannot be started`);

  let killedFor: FileEnd | null = null;
  const kill = (why: FileEnd) => {
    killedFor ??= why;
    killGroup(group);
  };
  const silence = setTimeout(() => kill({ type: "silent", ms: patience.silenceMs }), patience.silenceMs);
  const onStop = () => kill({ type: "stopped", why: String(stop.reason) });
  stop.addEventListener("abort", onStop, { once: true });
  if (stop.aborted) onStop();

  let output = "";
  const keep = (text: string) => {
    output = (output + text).slice(-keptOutput);
  };
  const events: FileEvent[] = [];
  const [, stdout, stderr, news] = child.stdio;
  for (const stream of [stdout, stderr]) stream?.setEncoding("utf8").on("data", keep);
  if (!(news instanceof Readable)) throw new Error("spawn gave no fourth pipe");
  createInterface({ input: news }).on("line", (line) => {
    silence.refresh();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- event-reporter.ts wrote it
    events.push(JSON.parse(line) as FileEvent);
  });

  const closed = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  const end = await new Promise<FileEnd>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      resolve(killedFor ?? (signal === null ? { type: "exited", code: code ?? 0 } : { type: "killed", signal })),
    );
  });
  clearTimeout(silence);
  // What a killed file had no time to put away is not held against it.
  const left = end.type === "exited" ? await survivors(group) : [];
  killGroup(group);
  // Only now is all output in: a survivor may have held it open. One that left the group may hold it for ever.
  await Promise.race([closed, sleep(2000, undefined, { ref: false })]);
  for (const stream of child.stdio) stream?.destroy();
  stop.removeEventListener("abort", onStop);
  return fileResult(file, performance.now() - startedMs, events, end, left, output);
}

/** The commands of those in a process group that do not end by themselves within five seconds. */
async function survivors(group: number): Promise<string[]> {
  let commands = processesOf(group);
  for (let i = 0; i < 100 && commands.length > 0; i++) {
    await sleep(50);
    commands = processesOf(group);
  }
  return commands;
}

function killGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // Nobody is left in it.
  }
}

/** The commands of a process group that still run (the dead that no one has reaped yet do not count). */
function processesOf(group: number): string[] {
  const commands: string[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      // proc(5): pid (comm) state ppid pgrp …; comm may hold spaces and parentheses.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, , processGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(processGroup) !== group || state === "Z" || state === "X") continue;
      commands.push(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim());
    } catch {
      // It ended meanwhile.
    }
  }
  return commands;
}
