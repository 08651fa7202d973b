/**
 * Stands in for arecord where the campaign has to know to the sample what a recorder gave: a microphone in a room in
 * which numbers are said, by the machine's monotonic clock. CAMPAIGN_ROOM names the room's folder.
 *
 * It keeps a journal of what it has given. Held up for longer than a sound card's buffer, it has an overrun.
 */
import { openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { numberSamples } from "../../src/simulator/numbers.ts";
import { journalFile, journalLine, parseRoomNote, roomNoteFile } from "./journal.ts";

const blockMs = 50;
/** arecord's usual buffer. */
const bufferMs = 500;

const folder = process.env["CAMPAIGN_ROOM"] ?? "";
const { epochNs, shape } = parseRoomNote(readFileSync(join(folder, roomNoteFile), "utf8"));
const journal = openSync(join(folder, journalFile), "a");
const perMs = shape.sampleRate / 1000;
const block = blockMs * perMs;

/** Where the room's time is, in samples. */
const now = () => Math.floor((Number(process.hrtime.bigint() - epochNs) / 1e6) * perMs);

let at = now();
for (;;) {
  await setTimeout(Math.max(0, (at + block - now()) / perMs));
  const behind = now() - at;
  if (behind < block) continue;
  if (behind > bufferMs * perMs) {
    const dropped = behind - bufferMs * perMs;
    at += dropped;
    process.stderr.write(`overrun!!! (at least ${(dropped / perMs).toFixed(3)} ms long)\n`);
  }
  const samples = numberSamples(at, Math.min(now() - at, bufferMs * perMs), shape);
  // Blocks, as arecord does: what has been written is in the agent's hands.
  if (!write(new Uint8Array(samples.buffer))) process.exit(1);
  writeSync(journal, journalLine({ from: at, to: at + samples.length }));
  at += samples.length;
}

/** @returns whether there is still somebody who listens */
function write(bytes: Uint8Array): boolean {
  for (let from = 0; from < bytes.length; ) {
    try {
      from += writeSync(1, bytes, from);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") continue;
      return false;
    }
  }
  return true;
}
