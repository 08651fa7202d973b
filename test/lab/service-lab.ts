import { type Random, seededRandom } from "../../src/base/random.ts";
import type { LinkEnding } from "../../src/sis/link.ts";
import type { Mode } from "../../src/sis/request.ts";
import { loudness, ModelService, type Trouble, wordMs } from "./model-service.ts";
import { recognitionLab } from "./recognition.ts";

export interface Word {
  readonly value: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** A word that begins at this time since the beginning. */
export function wordAt(value: number, startMs: number): Word {
  return { value, startMs, endMs: startMs + wordMs(value) };
}

/** Words with pauses of 100 to `longestPauseMs` between them; half a second ends a segment. */
export function speech(count: number, random: Random, longestPauseMs = 1_500): readonly Word[] {
  const words: Word[] = [];
  let atMs = 1000;
  for (let value = 1; value <= count; value += 1) {
    words.push(wordAt(value, atMs));
    atMs += wordMs(value) + 100 + Math.floor(random() * (longestPauseMs - 100));
  }
  return words;
}

/** The sound of words: what `capture` takes. */
export function soundOf(words: readonly Word[]): (ms: number) => number {
  return (ms) => (words.find((word) => ms >= word.startMs && ms < word.endMs)?.value ?? 0) * loudness;
}

/** What a service may do about a second connection while the first is there. */
export const seconds = ["allowed", "refused", "cut off", "start refused"] as const;
export type Second = (typeof seconds)[number];

const tooMany: LinkEnding = {
  how: "refused",
  diagnosis: { code: "HTTP.429", known: true, class: "throttled", action: "back-off", meaning: "", hint: "" },
  message: "one is enough",
  retryAfterMs: 30_000,
  serverDateMs: null,
};
export const cutOff: LinkEnding = { how: "closed", code: 1006, reason: "", asked: false };

/**
 * A recognizer whose every connection leads to a model of the service.
 * @param options.plan what goes wrong, session by session; after it nothing does
 * @param options.seconds what becomes of second connections, one after the other; after that they are allowed
 * @param options.downUntilMs until then, since the beginning, the service cannot be reached
 * @param options.speed how fast the service recognises, times real time; default: at once
 */
export function serviceLab(
  options: Omit<NonNullable<Parameters<typeof recognitionLab>[0]>, "onDial"> & {
    readonly seed: string;
    readonly mode: Mode;
    readonly plan?: readonly Trouble[];
    readonly seconds?: readonly Second[];
    readonly speed?: number;
    readonly downUntilMs?: number;
  },
) {
  const random = seededRandom(options.seed);
  const queue = [...(options.plan ?? [])];
  const secondQueue = [...(options.seconds ?? [])];
  const lab = recognitionLab({
    ...options,
    onDial: (link) => {
      let service: ModelService | null = null;
      const another = lab.links.some((each) => !each.ended);
      const second = another ? (secondQueue.shift() ?? "allowed") : "allowed";
      const theService = () => {
        const next = () => (second === "start refused" ? "refuse-start" : (queue.shift() ?? "none"));
        service ??= new ModelService(options.mode, link(), lab.clock, random, next, options.speed);
        return service;
      };
      const down = lab.clock.monotonicMs() < (options.downUntilMs ?? 0);
      if (down || second === "cut off" || second === "refused") {
        lab.clock.after(0, () => link().end(second === "refused" ? tooMany : cutOff));
        return {};
      }
      lab.clock.after(0, () => void theService());
      return {
        onText: (message) => theService().handlers.onText(message),
        onAudio: (bytes) => theService().handlers.onAudio(bytes),
      };
    },
  });
  return {
    lab,
    /** The words of all final results, in the order in which they were published. */
    get heard(): readonly number[] {
      return lab.transcripts.filter((each) => each.final).flatMap((each) => each.text.split(" ").map(Number));
    },
    /** The source is at its end: what it gave is recognised, however long that takes. */
    finish(): void {
      lab.recognizer.sourceEnded();
      for (let minute = 0; minute < 30 && lab.log.ledger().pendingMs > 0; minute += 1) lab.clock.advance(60_000);
      lab.clock.advance(20_000);
    },
  };
}
