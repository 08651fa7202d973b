import { type ChildProcess, type SpawnSyncOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer } from "ws";
import { wavHeader } from "../../../src/audio/wav.ts";
import { numberSound, plainNumbers } from "../../../src/simulator/numbers.ts";
import type { Way } from "./ways.ts";

/** One start of the agent. ms since just before the process was made; memory some seconds after that, MB. */
export interface Start {
  /** The server has the first message with sound. */
  readonly firstAudioMs: number;
  /** systemd has been told READY=1. */
  readonly readyMs: number;
  /** What no other process can share, and what cannot be dropped. */
  readonly ownMb: number;
  /** With the pages of files, which the system maps as it sees fit. */
  readonly residentMb: number;
}

/** How long it streams before its memory is looked at. */
const streamMs = 6000;
const lookEveryMs = 2;
const patienceMs = 60_000;

/** Takes what is read to run this out of the system's cache of files; what is not in use is read from disk next time. */
export function forget({ files }: Way): void {
  succeed("xargs", ["-0", "-I{}", "dd", "if={}", "iflag=nocache", "count=0", "status=none"], {
    input: files.join("\0"),
    stdio: ["pipe", "ignore", "inherit"],
  });
}

/** How long a command takes that ends by itself, ms. @throws where it fails */
export function timeOf([file = "", ...words]: readonly string[]): number {
  const beganMs = performance.now();
  succeed(file, words, { stdio: "ignore" });
  return performance.now() - beganMs;
}

function succeed(file: string, words: readonly string[], options: SpawnSyncOptions): void {
  const { error, status, signal } = spawnSync(file, words, options);
  if (status !== 0) throw error ?? new Error(`${file} failed: ${signal ?? status}`);
}

/** Where agents are started: a service that listens for the first sound, and a service manager that is told READY. */
export class Trial implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: WebSocketServer;
  readonly #config: string;
  readonly #readyFile: string;
  #onAudio = () => {};

  private constructor(folder: string, server: WebSocketServer, port: number) {
    this.#folder = folder;
    this.#server = server;
    this.#readyFile = join(folder, "ready");
    const wav = join(folder, "sound.wav");
    const samples = numberSound(20, plainNumbers(16_000));
    const header = wavHeader({ encoding: "s16", channels: 1, sampleRate: 16_000 }, samples.byteLength);
    writeFileSync(wav, Buffer.concat([header, Buffer.from(samples.buffer)]));
    this.#config = join(folder, "agent.toml");
    const sis = `[sis]\nendpoint = "ws://127.0.0.1:${port}"\nproject_id = "p"`;
    const audio = `[audio]\nsource = "file"\npath = "${wav}"\nloop = true`;
    writeFileSync(this.#config, `state_dir = "${folder}/state"\n${sis}\n${audio}\n`);
    // In place of systemd's own program: what the agent tells is noted at once.
    const notify = `#!/bin/sh\ncase "$*" in *READY=1*) : >'${this.#readyFile}' ;; esac\n`;
    writeFileSync(join(folder, "systemd-notify"), notify, { mode: 0o755 });
    server.on("connection", (socket) => {
      socket.on("message", (data, isBinary) => {
        if (isBinary) this.#onAudio();
        else if (Buffer.isBuffer(data) && data.includes('"START"')) socket.send('{"resp_type":"START","trace_id":"t"}');
        else socket.send('{"resp_type":"END","trace_id":"t","reason":"NORMAL"}');
      });
    });
  }

  static async open(folder: string): Promise<Trial> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
    await once(server, "listening");
    const address = server.address();
    return new Trial(folder, server, typeof address === "object" && address !== null ? address.port : 0);
  }

  /** @throws where it does not get so far within a minute */
  async start({ command: [file = "", ...words] }: Way): Promise<Start> {
    rmSync(this.#readyFile, { force: true });
    const sound = Promise.withResolvers<number>();
    const env = { ...process.env, NOTIFY_SOCKET: "/nowhere", PATH: `${this.#folder}:${process.env["PATH"] ?? ""}` };
    const beganMs = performance.now();
    this.#onAudio = () => sound.resolve(performance.now() - beganMs);
    const child = spawn(file, [...words, "run", "--config", this.#config], { stdio: "ignore", env });
    const ended = once(child, "exit");
    const late = setTimeout(() => sound.reject(new Error(`no sound from ${file} within a minute`)), patienceMs);
    try {
      const [firstAudioMs, readyMs] = await Promise.all([sound.promise, this.#ready(beganMs)]);
      await sleep(streamMs);
      return { firstAudioMs, readyMs, ...memoryOf(child) };
    } finally {
      clearTimeout(late);
      child.kill("SIGTERM");
      await ended;
    }
  }

  async #ready(beganMs: number): Promise<number> {
    while (!existsSync(this.#readyFile)) {
      if (performance.now() - beganMs > patienceMs) throw new Error("not ready within a minute");
      await sleep(lookEveryMs);
    }
    return performance.now() - beganMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function memoryOf({ pid }: ChildProcess): Pick<Start, "ownMb" | "residentMb"> {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const megabytes = (name: string) =>
    (Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(status)?.[1]) * 1024) / 1e6;
  return { ownMb: megabytes("RssAnon"), residentMb: megabytes("VmRSS") };
}
