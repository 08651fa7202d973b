import type { Position } from "../audio/timeline.ts";
import type { Segment } from "../sis/reply.ts";
import type { Transcript } from "./report.ts";
import type { Session } from "./session.ts";

/** A result cannot be about audio that was not sent; services round and pad, but not by more than this. */
const toleranceMs = 2_000;

/** What the assembly needs of the audio log. */
interface Places {
  wallMs(position: Position): number;
  nameOf(position: Position): string;
}

/** What became of the segments of one RESULT. */
export interface Assembled {
  readonly transcripts: readonly Transcript[];
  /** Final results cover everything before it. */
  readonly heardTo: Position;
  /** Segments that repeat what is heard already, or speak of audio that this session was never sent. */
  readonly dropped: number;
  /** Speech that the service heard and could not recognise; segments after it are not looked at. */
  readonly failed: { readonly from: Position; readonly to: Position } | null;
}

/**
 * Turns a session's segments into transcripts in the wall clock of the speech.
 *
 * A final segment whose middle lies in what is heard already is a repeat. (Its start alone does not tell: services
 * round times, and neighbouring segments may overlap by some milliseconds.)
 */
export function assemble(segments: readonly Segment[], session: Session, places: Places, property: string): Assembled {
  const transcripts: Transcript[] = [];
  let heardTo = session.heardTo;
  let dropped = 0;
  for (const segment of segments) {
    const from = session.positionAt(segment.startMs);
    const to = session.positionAt(segment.endMs);
    const repeated = (from + to) / 2 < heardTo || (segment.isFinal && to <= heardTo);
    if (repeated || segment.endMs > session.sentMs + toleranceMs) {
      dropped += 1;
      continue;
    }
    if (segment.result === null) {
      if (segment.isFinal) return { transcripts, heardTo, dropped, failed: { from: Math.max(from, heardTo), to } };
      continue;
    }
    if (segment.isFinal) heardTo = to;
    if (segment.result.text === "") continue;
    const wall = (ms: number) => Math.round(places.wallMs(session.positionAt(ms)));
    transcripts.push({
      id: places.nameOf(from),
      startMs: wall(segment.startMs),
      endMs: wall(segment.endMs),
      text: segment.result.text,
      score: segment.result.score,
      final: segment.isFinal,
      words: segment.result.words.map((word) => ({
        word: word.word,
        startMs: wall(word.startMs),
        endMs: wall(word.endMs),
      })),
      property,
      traceId: session.traceId,
      session: session.id,
    });
  }
  return { transcripts, heardTo, dropped, failed: null };
}
