import assert from "node:assert/strict";
import type { Gap } from "../../src/audio/log.ts";
import type { Logger } from "../../src/base/logger.ts";
import { seededRandom } from "../../src/base/random.ts";
import { Recognizer, type RecognizerOptions } from "../../src/recognition/recognizer.ts";
import type { Report, Transcript } from "../../src/recognition/report.ts";
import type { ErrorReport } from "../../src/sis/error-report.ts";
import { ManualClock } from "./manual-clock.ts";
import { inMemory, OpenLog } from "./open-log.ts";
import { ScriptedLink } from "./scripted-link.ts";

const sampleRate = 8000;

const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

type Handlers = ConstructorParameters<typeof ScriptedLink>[2];

/** A recognizer on a clock moved by hand, with every connection played by the test. */
export function recognitionLab(
  options: Partial<Pick<RecognizerOptions, "mode" | "config" | "catchUpRate" | "bounds" | "credentialsGoodForMs">> & {
    readonly memoryMs?: number;
    readonly onDial?: (link: () => ScriptedLink) => Handlers;
    readonly seed?: string;
  } = {},
) {
  const clock = new ManualClock();
  const reports: Report[] = [];
  const links: ScriptedLink[] = [];
  const gaps: Gap[] = [];
  let renewals = 0;
  let sessions = 0;
  const log = new OpenLog({
    sampleRate,
    capacityMs: options.memoryMs ?? 120_000,
    live: true,
    clock,
    onGap: (gap) => gaps.push(gap),
    ...inMemory,
  });
  log.openStream("s");
  const irregularities = new Map<string, number>();
  const recognizer = new Recognizer({
    irregularities,
    log,
    dial: (listener, mark) => {
      const link: ScriptedLink = new ScriptedLink(
        listener,
        mark,
        options.onDial?.(() => link),
      );
      links.push(link);
      return link;
    },
    credentialsGoodForMs: options.credentialsGoodForMs ?? (() => null),
    credentialsRefused: () => {
      renewals += 1;
    },
    mode: options.mode ?? "continuous",
    config: { audioFormat: "pcm8k16bit", property: "chinese_8k_common", ...options.config },
    chunkMs: 100,
    encode: (samples) => new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
    onSent() {},
    catchUpRate: options.catchUpRate ?? 3,
    sourceSpeed: 1,
    ...(options.bounds !== undefined && { bounds: options.bounds }),
    clock,
    random: seededRandom(options.seed ?? "lab"),
    logger: silentLogger,
    nextSessionId: () => `session-${++sessions}`,
    onReport: (report) => reports.push(report),
  });

  return {
    clock,
    log,
    recognizer,
    irregularities,
    reports,
    links,
    gaps,
    get renewals() {
      return renewals;
    },
    /** The newest connection. */
    get link(): ScriptedLink {
      const link = links.at(-1);
      assert.ok(link !== undefined, "no connection was opened");
      return link;
    },
    get transcripts(): readonly Transcript[] {
      return reports.flatMap((report) => (report.type === "transcript" ? [report.transcript] : []));
    },
    get errors(): readonly ErrorReport[] {
      return reports.flatMap((report) => (report.type === "error" ? [report.error] : []));
    },
    /** Captures sound, 100 ms at a time, with a pong every 2 s; `sampleAt` gives the sample of a time since the beginning, ms. */
    capture(ms: number, sampleAt: (ms: number) => number = () => 1): void {
      for (let done = 0; done < ms; done += 100) {
        const startMs = log.ledger().capturedMs;
        clock.advance(100);
        log.append(Int16Array.from({ length: sampleRate / 10 }, (_, i) => sampleAt(startMs + (i * 1000) / sampleRate)));
        recognizer.audioArrived();
        if (Math.round(startMs / 100) % 20 === 0) for (const link of links) link.confirm();
      }
    },
    /** Connects and answers START. */
    stream(): void {
      this.link.open();
      this.link.say({ resp_type: "START", trace_id: `trace-${links.length}` });
    },
  };
}

/** A final (or interim) result in the service's own form. */
export function result(startMs: number, endMs: number, text: string | null, more: object = {}): object {
  const segment = {
    start_time: startMs,
    end_time: endMs,
    is_final: true,
    ...(text === null ? {} : { result: { text, score: 0.9 } }),
  };
  return { resp_type: "RESULT", trace_id: "t", segments: [{ ...segment, ...more }] };
}
