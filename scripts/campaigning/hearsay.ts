import { closeSync, openSync, writeSync } from "node:fs";
import type { Ledger, RunLedger, ToldGap } from "./accounts.ts";
import type { AgentListener, LogLine } from "./agent-process.ts";
import type { Line } from "./verdict.ts";

/** What the agent's processes have said so far, as far as the campaign looks at it. Wall clock, ms, where nothing else is said. */
export class Hearsay implements AgentListener, Disposable {
  /** Final transcripts, in the order in which they came; `startMs` and `endMs` are wall clock. */
  readonly lines: Line[] = [];
  readonly ledgers: RunLedger[] = [];
  readonly gaps: ToldGap[] = [];
  /** When recorders gave their first sound, of `performance.now()`. */
  readonly flowsMs: number[] = [];
  /** Messages of level error that are none of the service's and none of a gap. */
  readonly errors: string[] = [];
  readonly #transcripts: number;
  #lastEnd: RunLedger["after"] = null;

  /** @param transcriptFile takes all that comes on standard output */
  constructor(transcriptFile: string) {
    this.#transcripts = openSync(transcriptFile, "a");
  }

  /** The agent was killed: there will be no ledger of that run. */
  killed(): void {
    this.#lastEnd = "kill";
  }

  onCrash(how: string): void {
    this.errors.push(how);
    this.killed();
  }

  onTranscript(line: LogLine): void {
    writeSync(this.#transcripts, `${JSON.stringify(line)}\n`);
    const { id, start, end, text, final } = line;
    const isTranscript = typeof id === "string" && typeof start === "string" && typeof end === "string";
    if (!isTranscript || typeof text !== "string") {
      this.errors.push(`standard output holds what is no transcript: ${JSON.stringify(line).slice(0, 200)}`);
    } else if (final === true) {
      this.lines.push({ id, startMs: Date.parse(start), endMs: Date.parse(end), text });
    }
  }

  onLog(line: LogLine): void {
    if (line["msg"] === "the agent has stopped") {
      this.ledgers.push({ ...ledgerOf(line), after: this.#lastEnd });
      this.#lastEnd = "ledger";
    }
    if (line["msg"] === "sound flows") this.flowsMs.push(performance.now());
    if (line["msg"] === "sound was lost") {
      this.gaps.push({
        from: Date.parse(String(line["from"])),
        to: Date.parse(String(line["to"])),
        lostMs: Number(line["lostMs"]),
        cause: String(line["cause"]),
      });
    }
    const isDefect = String(line["msg"]).includes("please report this") || line["code"] === "internal";
    if (line["level"] === "fatal" || isDefect) this.errors.push(String(line["msg"]));
  }

  [Symbol.dispose](): void {
    closeSync(this.#transcripts);
  }
}

function ledgerOf(line: LogLine): Ledger {
  const ms = (name: keyof Ledger) => Number(line[name]);
  return {
    capturedMs: ms("capturedMs"),
    resumedMs: ms("resumedMs"),
    acknowledgedMs: ms("acknowledgedMs"),
    pendingMs: ms("pendingMs"),
    lostMs: ms("lostMs"),
    missedMs: ms("missedMs"),
  };
}
