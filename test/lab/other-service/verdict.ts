import assert from "node:assert/strict";
import type { AgentRun, Line } from "./agent-run.ts";
import type { Chronicle } from "./chronicle.ts";

const toleranceMs = 100;
/** From the program's start to the tape's: it dials when it begins to listen. */
const settlingMs = 1500;
export const exitWithinMs = 15_000;

/** The lines of a run. @throws AssertionError unless it ended by itself, and well, in time, having printed nothing else */
export function linesOf(run: AgentRun, speed: number): Line[] {
  assert.equal(run.signal, null, "the program did not end by itself");
  assert.equal(run.code, 0);
  const tapeEndMs = run.startedMs + run.tape.lengthMs / speed;
  assert.ok(run.endedMs >= tapeEndMs, "the program ended before the tape did");
  assert.ok(run.endedMs <= tapeEndMs + exitWithinMs + settlingMs, "the program ended long after the tape did");
  assert.match(run.stdout, /^(?:\{.*\}\n)*$/);
  const lines = run.stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
  for (const line of lines) assert.equal(line.type, "transcript");
  return lines;
}

/** Every number once, in order, none cut. Transcripts that are not final, or of noise, say nothing of it. */
export function everyNumberOnce(run: AgentRun, lines: readonly Line[]): void {
  const finals = lines.filter(({ final, text }) => final && text !== "");
  assert.deepEqual(
    finals.flatMap(({ text }) => text.match(/.{1,4}/gs) ?? []),
    run.tape.words.map(({ text }) => text),
  );
  const ids = lines.filter(({ final }) => final).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, "two transcripts have one id");
}

/** Each transcript begins when its first number was heard on the clock on the wall; so do the words, where there are any. */
export function timesAreTrue(run: AgentRun, lines: readonly Line[], chronicle: Chronicle): void {
  const finals = lines.filter(({ final, text }) => final && text !== "");
  const placeOf = new Map(run.tape.words.map(({ text, atMs }) => [text, atMs]));
  const offset = ({ start, text }: Line) => Date.parse(start) - (placeOf.get(text.slice(0, 4)) ?? Number.NaN);
  const offsets = finals.map(offset);
  const tapeStartMs = offsets.toSorted((a, b) => a - b)[Math.floor(offsets.length / 2)] ?? Number.NaN;
  const errors = offsets.map((each) => each - tapeStartMs);
  assert.ok(
    errors.every((error) => Math.abs(error) <= toleranceMs),
    `transcripts begin off by ${errors.join(", ")} ms`,
  );
  const [firstRequestMs = Number.NaN] = chronicle.requests;
  const late = tapeStartMs - firstRequestMs;
  assert.ok(Math.abs(late) <= settlingMs, `the tape seems to begin ${late} ms after the first request`);
  assert.ok(tapeStartMs >= run.startedMs - 250, "the tape seems to begin before the program");
  for (const line of finals) assert.ok(line.end > line.start, `${line.text} ends before it begins`);
}
