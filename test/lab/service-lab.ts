import { type Random, seededRandom } from "../../src/base/random.ts";
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

/** Words with pauses between them, some long enough to end a segment, some not. */
export function speech(count: number, random: Random): readonly Word[] {
  const words: Word[] = [];
  let atMs = 1000;
  for (let value = 1; value <= count; value += 1) {
    words.push(wordAt(value, atMs));
    atMs += wordMs(value) + 100 + Math.floor(random() * 1400);
  }
  return words;
}

/** The sound of words: what `capture` takes. */
export function soundOf(words: readonly Word[]): (ms: number) => number {
  return (ms) => (words.find((word) => ms >= word.startMs && ms < word.endMs)?.value ?? 0) * loudness;
}

/**
 * A recognizer whose every connection leads to a model of the service.
 * @param options.plan what goes wrong, session by session; after it nothing does
 * @param options.downUntilMs until then, since the beginning, the service cannot be reached
 * @param options.speed how fast the service recognises, times real time; default: at once
 */
export function serviceLab(
  options: Omit<NonNullable<Parameters<typeof recognitionLab>[0]>, "onDial"> & {
    readonly seed: string;
    readonly mode: Mode;
    readonly plan?: readonly Trouble[];
    readonly speed?: number;
    readonly downUntilMs?: number;
  },
) {
  const random = seededRandom(options.seed);
  const queue = [...(options.plan ?? [])];
  const lab = recognitionLab({
    ...options,
    onDial: (link) => {
      let service: ModelService | null = null;
      const theService = () => {
        const next = () => queue.shift() ?? "none";
        service ??= new ModelService(options.mode, link(), lab.clock, random, next, options.speed);
        return service;
      };
      if (lab.clock.monotonicMs() < (options.downUntilMs ?? 0)) {
        lab.clock.after(0, () => link().end({ how: "closed", code: 1006, reason: "", asked: false }));
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
