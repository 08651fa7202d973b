import type { Span } from "../../src/simulator/alsa-room.ts";
import { type NumberShape, plainNumbers } from "../../src/simulator/numbers.ts";

/** What the stand-in for arecord and its room tell each other by files, in the room's folder. */
export const roomNoteFile = "room.json";
export const journalFile = "journal";

/** When the room's time began (the monotonic clock, ns), and what is said in it. */
export interface RoomNote {
  readonly epochNs: bigint;
  readonly shape: NumberShape;
}

/** How numbers are said in rooms. */
export function shapeOf(sampleRate: 8000 | 16_000, everyMs: number, digits: number): NumberShape {
  return { ...plainNumbers(sampleRate), everyMs, digits };
}

export function roomNote({ epochNs, shape: { sampleRate, everyMs, digits } }: RoomNote): string {
  return JSON.stringify({ epochNs: String(epochNs), sampleRate, everyMs, digits });
}

/** @throws {Error} where it is none */
export function parseRoomNote(text: string): RoomNote {
  const note: unknown = JSON.parse(text);
  if (
    typeof note !== "object" ||
    note === null ||
    !("epochNs" in note) ||
    !("sampleRate" in note) ||
    !("everyMs" in note) ||
    !("digits" in note)
  ) {
    throw new Error("not a note of a room");
  }
  const sampleRate = note.sampleRate === 8000 ? 8000 : 16_000;
  return {
    epochNs: BigInt(String(note.epochNs)),
    shape: shapeOf(sampleRate, Number(note.everyMs), Number(note.digits)),
  };
}

export function journalLine({ from, to }: Span): string {
  return `${from} ${to}\n`;
}

/** null: not a line that was written whole. */
export function parseJournalLine(line: string): Span | null {
  const [, from, to] = /^(\d+) (\d+)$/.exec(line) ?? [];
  return from === undefined || to === undefined ? null : { from: Number(from), to: Number(to) };
}

/** Adds what came next; what touches the last span makes it longer. */
export function appendSpan(spans: Span[], { from, to }: Span): void {
  const last = spans.at(-1);
  if (last !== undefined && from <= last.to) spans[spans.length - 1] = { from: last.from, to: Math.max(last.to, to) };
  else spans.push({ from, to });
}
