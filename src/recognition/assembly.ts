import type { Span } from "../audio/holes.ts";
import type { Position } from "../audio/timeline.ts";
import type { Segment } from "../sis/reply.ts";
import type { Transcript } from "./report.ts";
import type { Session } from "./session.ts";

/** Services round times and pad audio, but not by more than this. */
const toleranceMs = 2_000;

/** What the assembly needs of the audio log. */
interface Places {
  readonly answered: Position;
  readonly answeredName: string;
  readonly resumedTo: Position;
  wallMs(position: Position): number;
  nameOf(position: Position): string;
}

/** What a segment is to its session. */
export type Placed =
  | { readonly is: "transcript"; readonly span: Span; readonly transcript: Transcript }
  /** A final segment in which the service heard nothing to write down. */
  | { readonly is: "nothing"; readonly span: Span }
  /** A final segment in which the service heard something and has no words for it. */
  | { readonly is: "wordless"; readonly span: Span }
  /** A final segment about audio that the session was never sent: whatever it is about, it is not there. */
  | { readonly is: "misplaced" }
  /** Final before, or an interim one that adds nothing. */
  | { readonly is: "repeat" };

/**
 * Finds a segment's place in the log, and makes it a transcript in the wall clock of the speech.
 *
 * Its id comes from where the answer before it ended, not from its own start: a service that hears the same sound again
 * may place its words some milliseconds elsewhere, and the transcript must have the same id then.
 */
export function place(segment: Segment, session: Session, places: Places, property: string): Placed {
  const { startMs, endMs, isFinal, result } = segment;
  const span = { from: session.positionAt(startMs), to: session.positionAt(endMs) };
  if (endMs > session.sentMs + toleranceMs) return { is: isFinal ? "misplaced" : "repeat" };
  if (session.hasHeard(span)) return { is: "repeat" };
  if (result === null) return isFinal ? { is: "wordless", span } : { is: "repeat" };
  if (result.text === "") return isFinal ? { is: "nothing", span } : { is: "repeat" };
  const wall = (ms: number) => Math.round(places.wallMs(session.positionAt(ms)));
  const wallEnd = (fromMs: number, ms: number) =>
    ms === fromMs ? wall(ms) : Math.round(places.wallMs(session.lastBefore(ms)));
  const words = result.words.map((word) => ({
    word: word.word,
    startMs: wall(word.startMs),
    endMs: wallEnd(word.startMs, word.endMs),
  }));
  const transcript: Transcript = {
    // An answer that comes out of order must not take the name of the one that went before it.
    id: span.to > places.answered ? places.answeredName : `${places.nameOf(span.from)}-late`,
    startMs: wall(startMs),
    endMs: wallEnd(startMs, endMs),
    text: result.text,
    score: result.score,
    final: isFinal,
    words,
    property,
    traceId: session.traceId,
    session: session.id,
    resumed: span.from < places.resumedTo,
  };
  return { is: "transcript", span, transcript };
}
