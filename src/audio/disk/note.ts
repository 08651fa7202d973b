import { crc32 } from "node:zlib";
import type { Progress } from "../store.ts";

/*
 * How far the service has dealt with the log, in two slots that are written in turn: whatever happens while one is
 * being written, the other is whole. A slot, little endian:
 *
 *      0  CRC-32 of bytes 4 to 127
 *      4  number of the note (float64): the highest counts
 *     12  settled position (float64)
 *     20  position of the last answer's end (float64)
 *     28  sample rate that the positions count in, Hz
 *     32  the lasting name of the last answer's end: its length, then up to 95 bytes
 */
export const slotBytes = 128;
const mostNameBytes = 95;

export interface Note extends Progress {
  readonly number: number;
  /** Hz */
  readonly sampleRate: number;
}

/** Where a note goes in the file. */
export function slotOf(note: Note): number {
  return (note.number % 2) * slotBytes;
}

export function encodeNote(note: Note): Buffer {
  const slot = Buffer.alloc(slotBytes);
  const name = Buffer.from(note.name).subarray(0, mostNameBytes);
  slot.writeDoubleLE(note.number, 4);
  slot.writeDoubleLE(note.settled, 12);
  slot.writeDoubleLE(note.answered, 20);
  slot.writeUInt32LE(note.sampleRate, 28);
  slot.writeUInt8(name.length, 32);
  name.copy(slot, 33);
  slot.writeUInt32LE(crc32(slot.subarray(4)), 0);
  return slot;
}

/** The newest whole note in the file; null: there is none. */
export function newestNote(file: Buffer): Note | null {
  const notes = [decodeSlot(file.subarray(0, slotBytes)), decodeSlot(file.subarray(slotBytes, 2 * slotBytes))];
  return notes.reduce((a, b) => (a === null || (b !== null && b.number > a.number) ? b : a), null);
}

function decodeSlot(slot: Buffer): Note | null {
  if (slot.length < slotBytes || slot.readUInt32LE(0) !== crc32(slot.subarray(4))) return null;
  const note = {
    number: slot.readDoubleLE(4),
    settled: slot.readDoubleLE(12),
    answered: slot.readDoubleLE(20),
    sampleRate: slot.readUInt32LE(28),
    name: slot.toString("utf8", 33, 33 + Math.min(slot.readUInt8(32), mostNameBytes)),
  };
  const sane =
    Number.isSafeInteger(note.number) &&
    Number.isSafeInteger(note.settled) &&
    Number.isSafeInteger(note.answered) &&
    note.sampleRate > 0;
  return sane ? note : null;
}
