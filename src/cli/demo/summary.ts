import { accountNumbers } from "../../simulator/numbers.ts";
import type { Progress } from "./progress.ts";
import { numberShape } from "./words.ts";

/** Where the sound came from. */
export type CaptureKind = "arecord" | "file";

/** How the demo went: what `--json` prints. */
export interface Summary {
  /** null: the words came from a real microphone, so nobody knows how many there were. */
  readonly words: {
    readonly sent: number | null;
    readonly heard: number;
    readonly lost: number | null;
    readonly doubled: number;
  };
  /** ERROR and FATAL_ERROR responses, as the fleet was told of them. */
  readonly errors: number;
  readonly fatal_errors: number;
  /** Connections to the service after the first. */
  readonly reconnects: number;
  /** As the fleet was told of them. */
  readonly alarms: { readonly raised: number; readonly cleared: number };
  readonly capture: CaptureKind;
}

/** What the end of a demo has to say, and whether the agent kept its promise. */
export interface Verdict {
  readonly summary: Summary;
  /** Heard, but never said: pieces of words. Always 0 for a real microphone. */
  readonly strange: number;
  /** Sound that the agent itself counts as lost, ms. */
  readonly lostMs: number;
  /** Nothing lost, nothing twice, nothing strange, although the service failed in both ways. */
  readonly kept: boolean;
}

/**
 * Draws up the account.
 * @param facts.said words that were complete in the sound; null: not known
 * @param facts.connections that the service accepted
 */
export function verdictOf(
  progress: Progress,
  facts: { readonly said: number | null; readonly connections: number; readonly capture: CaptureKind },
): Verdict {
  const { words, strange } = facts.said === null ? unknownWords(progress) : knownWords(progress, facts.said);
  const summary: Summary = {
    words,
    errors: progress.errors.size,
    fatal_errors: progress.fatalErrors.size,
    reconnects: Math.max(0, facts.connections - 1),
    alarms: { raised: progress.raised.size, cleared: progress.cleared.size },
    capture: facts.capture,
  };
  const whole = (words.lost ?? progress.lostMs) === 0 && words.doubled === 0 && strange === 0;
  const tested = summary.errors > 0 && summary.fatal_errors > 0 && words.sent !== 0;
  return { summary, strange, lostMs: progress.lostMs, kept: whole && tested };
}

function knownWords(progress: Progress, said: number): { words: Summary["words"]; strange: number } {
  const { sent, heard, lost, doubled, other } = accountNumbers(said, progress.words, numberShape.digits);
  return { words: { sent, heard, lost, doubled }, strange: other };
}

function unknownWords({ words, repeated }: Progress): { words: Summary["words"]; strange: number } {
  return { words: { sent: null, heard: words.length - repeated, lost: null, doubled: repeated }, strange: 0 };
}
