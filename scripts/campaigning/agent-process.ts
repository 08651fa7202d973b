import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";

/** A line of the agent's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Hears what the agent's processes say. */
export interface AgentListener {
  /** A line of `--stdout jsonl`. */
  onTranscript(line: LogLine): void;
  onLog(line: LogLine): void;
  /** It ended, and nobody had asked it to. */
  onCrash(how: string): void;
}

/** A service manager would kill it after 5 s; a busy machine is given more, and told of. */
const longestStopMs = 15_000;

interface AgentProcessOptions {
  /** The command that `run` and its options are added to. */
  readonly program: readonly string[];
  readonly configFile: string;
  /** Set for the agent, beside our own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Takes all that it says on standard error. */
  readonly logFile: string;
  /** Whether setpriv is there to see to it that it dies with us. */
  readonly dieWithUs: boolean;
}

/** The agent as users run it, a process of its own that may be ended and started again. Disposing kills it. */
export class AgentProcess implements AsyncDisposable {
  readonly #options: AgentProcessOptions;
  readonly #listener: AgentListener;
  readonly #log: number;
  #child: ChildProcess | null = null;
  #ended: Promise<unknown> = Promise.resolve();
  #asked = false;

  constructor(options: AgentProcessOptions, listener: AgentListener) {
    this.#options = options;
    this.#listener = listener;
    this.#log = openSync(options.logFile, "a");
  }

  /** Its process id; null while it does not run. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  start(): void {
    const { configFile, env, dieWithUs } = this.#options;
    const agent = [...this.#options.program, "run", "--config", configFile, "--stdout", "jsonl"];
    const [program = "", ...words] = dieWithUs ? ["setpriv", "--pdeathsig", "SIGKILL", "--", ...agent] : agent;
    const child = spawn(program, words, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    this.#asked = false;
    const ends = [once(child, "exit")];
    for (const [stream, hear] of [
      [child.stdout, (line: string) => this.#listener.onTranscript(parsed(line))],
      [child.stderr, (line: string) => this.#hearLog(line)],
    ] as const) {
      const lines = createInterface(stream).on("line", hear);
      ends.push(once(lines, "close"));
    }
    child.once("exit", (code, signal) => {
      if (!this.#asked) this.#listener.onCrash(`the agent ended by itself: ${signal ?? `exit code ${code}`}`);
    });
    this.#ended = this.#goneWith(Promise.all(ends));
  }

  /** Ends it; resolves when it is gone and all that it said was heard. @returns how long that took, ms */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<number> {
    const from = performance.now();
    const child = this.#child;
    this.#asked = true;
    child?.kill(signal);
    const kill = setTimeout(() => child?.kill("SIGKILL"), longestStopMs);
    await this.#ended;
    clearTimeout(kill);
    return performance.now() - from;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
    closeSync(this.#log);
  }

  async #goneWith(ends: Promise<unknown>): Promise<void> {
    await ends;
    this.#child = null;
  }

  #hearLog(line: string): void {
    writeSync(this.#log, `${line}\n`);
    this.#listener.onLog(parsed(line));
  }
}

/** A line that is no JSON object has nothing in it. */
function parsed(line: string): LogLine {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : { msg: line };
  } catch {
    return { msg: line };
  }
}

function isObject(value: unknown): value is LogLine {
  return typeof value === "object" && value !== null;
}
