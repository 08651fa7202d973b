import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The program as a user starts it from the source tree. */
export const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** An environment without what the machine happens to have. */
export function plainEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: process.env["HOME"], ...extra };
}

/** A running script; killed at the end of the test, if it is still there. */
export class Running implements AsyncDisposable {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly #ended: Promise<unknown>;
  readonly #news: EventTarget = new EventTarget();
  #closed = false;

  constructor(script: string, args: readonly string[], options: SpawnOptions = {}) {
    this.child = spawn(process.execPath, [script, ...args], { env: plainEnvironment(), ...options });
    this.#ended = once(this.child, "close");
    this.child.on("close", () => {
      this.#closed = true;
      this.#news.dispatchEvent(new Event("news"));
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#news.dispatchEvent(new Event("news"));
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#news.dispatchEvent(new Event("news"));
    });
  }

  /** Resolves when `condition` holds of what was printed so far; rejects when it has ended without, or after a minute. */
  async until(condition: () => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(60_000);
    while (!condition()) {
      if (this.#closed) throw new Error(`ended early: ${this.stdout}${this.stderr}`);
      await once(this.#news, "news", { signal: deadline }).catch((error: unknown) => {
        throw new Error(`in vain: ${this.stdout}${this.stderr}`, { cause: error });
      });
    }
  }

  /** Resolves when it has ended and its output is read. */
  async ended(): Promise<Ending> {
    await this.#ended;
    const { exitCode: code, signalCode: signal } = this.child;
    return { code, signal, stdout: this.stdout, stderr: this.stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.#ended;
  }
}

/** Runs `sis-agent ARGS` to its end. */
export async function sisAgent(args: readonly string[], options: SpawnOptions = {}): Promise<Ending> {
  await using running = new Running(main, args, options);
  return await running.ended();
}

/** A folder with files, gone at the end of the test. */
export class Folder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async with(files: Readonly<Record<string, string | Buffer>>): Promise<Folder> {
    const folder = new Folder(await mkdtemp(join(tmpdir(), "sis-agent-cli-")));
    for (const [name, content] of Object.entries(files)) await writeFile(folder.of(name), content, { mode: 0o600 });
    return folder;
  }

  of(name: string): string {
    return join(this.path, name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}
