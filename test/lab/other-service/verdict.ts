import assert from "node:assert/strict";
import type { AgentRun, Line } from "./agent-run.ts";
import type { Chronicle } from "./chronicle.ts";
import { digitEveryMs } from "./tape.ts";

const toleranceMs = 100;
const wordToleranceMs = 30;
const promptMs = 5_000;
const mostStartsInSecond = 5;
/** The program dials when it begins to listen. */
const settlingMs = 1500;
export const exitWithinMs = 30_000;

/** The lines of a run. @throws AssertionError unless it ended by itself, and well, in time, having printed nothing else */
export function linesOf(run: AgentRun, speed: number, { requests }: Chronicle): Line[] {
  assert.equal(run.signal, null, "the program did not end by itself");
  assert.equal(run.code, 0);
  const lengthMs = run.tape.lengthMs / speed;
  const [firstRequestMs = Number.NaN] = requests;
  assert.ok(run.endedMs >= run.startedMs + lengthMs, "the program ended before the tape did");
  const lateMs = run.endedMs - (firstRequestMs + lengthMs);
  assert.ok(lateMs <= exitWithinMs, `the program ended ${lateMs} ms after the tape`);
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
  const earliestMs = run.startedMs;
  const latestMs = Math.min(firstRequestMs + settlingMs, run.endedMs - run.tape.lengthMs);
  assert.ok(
    tapeStartMs >= earliestMs && tapeStartMs <= latestMs,
    `the tape seems to begin at ${tapeStartMs}, not between ${earliestMs} and ${latestMs}`,
  );
  for (const line of finals) assert.ok(line.end > line.start, `${line.text} ends before it begins`);
}

/** However sessions end, they do not follow each other faster than people speak. */
export function startsAreFew({ starts }: Chronicle): void {
  const busiest = Math.max(...starts.map((from) => starts.filter((at) => at >= from && at < from + 1000).length));
  assert.ok(busiest <= mostStartsInSecond, `${busiest} STARTs within a second`);
}

/** The program comes back soon after an orderly close: nothing is wrong. */
export function comesBackAtOnce({ closings, requests }: Chronicle): void {
  assert.ok(closings.length > 1, "nothing was closed");
  const waits = closings.slice(0, -1).map((closed) => (requests.find((time) => time >= closed) ?? Infinity) - closed);
  assert.ok(
    waits.every((wait) => wait <= promptMs),
    `the program came back after ${waits.join(", ")} ms`,
  );
}

/** A word for each digit, each where the digit is. */
export function wordsAreTrue(lines: readonly Line[]): void {
  for (const { text, start, words } of lines.filter(({ final }) => final)) {
    assert.deepEqual(
      words.map(({ word }) => word),
      [...text],
    );
    for (const [index, word] of words.entries()) {
      const error = Date.parse(word.start) - Date.parse(start) - index * digitEveryMs;
      assert.ok(Math.abs(error) <= wordToleranceMs, `a word of ${text} begins off by ${error} ms`);
    }
  }
}
