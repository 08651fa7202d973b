import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { parseObject } from "../../../src/sis/json.ts";
import { peakMegabytes } from "../process-figures.ts";
import type { Client } from "./clients.ts";
import type { Link } from "./link.ts";
import type { Hearing } from "./words.ts";

/** Of all clients alike, how often what they have put into their sockets is looked at, ms. */
const observeEveryMs = 250;

/** A client that runs, a process of its own. Disposing kills it. */
export interface RunningClient extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly link: Link;
  /** Final results so far; `atMs` is of `performance.now()`. */
  readonly hearings: readonly Hearing[];
  /** When it tried to connect, of `performance.now()`. */
  readonly attemptsMs: readonly number[];
  readonly hasEnded: boolean;
  write(sound: Uint8Array): void;
  /** There will be no more sound. */
  endInput(): void;
  /** The most memory that it has had resident so far, MB. */
  peakMegabytes(): number;
}

/**
 * Starts a client whose service is at the other end of `link`.
 * @param program its program, bundled
 * @param observer the observer, bundled
 * @param folder its own; is made. What it says on standard error is in it
 * @param watchSockets whether what it puts into its sockets is observed; takes a little CPU
 */
export function runClient(
  client: Client,
  link: Link,
  {
    program,
    observer,
    folder,
    watchSockets,
  }: {
    readonly program: string;
    readonly observer: string;
    readonly folder: string;
    readonly watchSockets: boolean;
  },
): RunningClient {
  mkdirSync(folder, { recursive: true });
  const log = openSync(path.join(folder, "log"), "w");
  const words = client.argumentsFor(`http://127.0.0.1:${link.port}`, folder);
  const child = spawn(process.execPath, ["--import", observer, program, ...words], {
    stdio: ["pipe", "pipe", log, "pipe"],
    // Nothing that changes how Node runs.
    env: { PATH: process.env["PATH"], PEERS_OBSERVE_MS: String(watchSockets ? observeEveryMs : 0) },
  });
  closeSync(log);
  const { pid, stdin, stdout } = child;
  const observations = child.stdio[3];
  const isWhole = stdin !== null && stdout !== null && observations instanceof Readable;
  if (pid === undefined || !isWhole) throw new Error(`${client.name} cannot be started`);
  stdin.on("error", () => {});
  const exited = once(child, "exit");
  const hearings: Hearing[] = [];
  const attemptsMs: number[] = [];
  onLines(stdout, (line) => {
    if (line["final"] !== false && typeof line["text"] === "string")
      hearings.push({ text: line["text"], atMs: performance.now() });
  });
  onLines(observations, (line) => {
    if (line["saw"] === "attempt") attemptsMs.push(performance.now());
    else link.onWritten(Number(line["port"]), Number(line["bytes"]));
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  let megabytes = 0;
  return {
    name: client.name,
    pid,
    link,
    hearings,
    attemptsMs,
    get hasEnded() {
      return hasEnded();
    },
    write(sound) {
      if (!hasEnded()) stdin.write(sound);
    },
    endInput() {
      stdin.end();
    },
    peakMegabytes() {
      try {
        megabytes = Math.max(megabytes, peakMegabytes(pid) || 0);
      } catch {
        // It has ended: what was seen last stands.
      }
      return megabytes;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function onLines(stream: Readable, hear: (line: Readonly<Record<string, unknown>>) => void): void {
  createInterface(stream).on("line", (text) => hear(parseObject(text) ?? {}));
}
