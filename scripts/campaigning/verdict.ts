import { type NumberShape, type NumberWord, numbersWithin, numberWord } from "../../src/simulator/numbers.ts";
import { between, holds, type Spans, touch, widened } from "./spans.ts";

/** A final transcript, as the consumer of `--stdout jsonl` gets it. Times are ms of the room's time. */
export interface Line {
  readonly id: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

/** A word that did not come as it should. */
export interface Misfortune {
  readonly what: "lost" | "doubled" | "reordered" | "misdated";
  readonly word: NumberWord;
  /** The ids under which it came. */
  readonly ids: readonly string[];
}

export interface Verdict {
  /** Words that were said into a recorder that works, from their beginning to their end. */
  readonly words: number;
  readonly misfortunes: readonly Misfortune[];
  /** Words of which two transcripts have the beginning and the end: the service ended a session in their middle. */
  readonly cut: readonly NumberWord[];
  /** Transcripts that came again with the id that they had. */
  readonly repeats: number;
}

/**
 * What became of the numbers that were said.
 *
 * The consumer keeps transcripts by their ids: the same id again replaces what it had. A word is lost if no transcript
 * has it, doubled if transcripts of two ids have it, or one has it twice, or it came a second time in pieces;
 * reordered if it came first after a later one, misdated if its transcript tells another time. A word that was cut by the end of what a recorder gave is none; one that
 * came in two parts, its beginning and its end, is cut, but not lost.
 *
 * @param lines in the order in which they came
 * @param heard what recorders gave, ms of the room's time
 * @param uncertain what may be missing all the same (the agent was killed before it could be written to disk)
 * @param exactness.edgeMs how exact the ends of `heard` are
 * @param exactness.datedMs how far from the truth a transcript's time may be
 */
export function judge(
  lines: readonly Line[],
  shape: NumberShape,
  heard: Spans,
  uncertain: Spans,
  { edgeMs, datedMs }: { readonly edgeMs: number; readonly datedMs: number },
): Verdict {
  const certain = heard.map((span) => widened(span, -edgeMs));
  const isCertain = (word: NumberWord) => {
    const span = { from: word.startMs, to: word.endMs };
    return certain.some((each) => holds(each, span)) && !uncertain.some((each) => touch(each, span));
  };
  const said = wordsUntil(heard.at(-1)?.to ?? 0, shape).filter(isCertain);
  const certainWords = new Set(said.map(({ text }) => text));

  const kept = new Map<string, Line>();
  // A map keeps the place of what came first.
  for (const line of lines) kept.set(line.id, line);
  const told = [...kept.values()].filter((line) => !isOfTwoHalves(line, shape));
  const hearings = hearingsOf(told, shape);
  const misfortunes: Misfortune[] = [];
  let greatest = 0;
  for (const line of told) {
    const [first = ""] = tokensOf(line.text);
    if (!certainWords.has(first)) continue;
    const word = numberWord(Number(first), shape);
    const isDated = Math.abs(line.startMs - word.startMs) <= datedMs || beginsBeforeGap(line, word, heard);
    if (!isDated) misfortunes.push({ what: "misdated", word, ids: [line.id] });
  }
  for (const [text, { ids, pieces }] of hearings) {
    const word = numberWord(Number(text), shape);
    const isPieceOnly = ids.length === 0;
    if (ids.length > 1 || (!isPieceOnly && pieces.length > 0 && certainWords.has(text))) {
      misfortunes.push({ what: "doubled", word, ids: [...ids, ...pieces.map(({ id }) => id)] });
    }
    if (isPieceOnly) continue;
    if (word.startMs < greatest) misfortunes.push({ what: "reordered", word, ids });
    greatest = Math.max(greatest, word.startMs);
  }
  const cut: NumberWord[] = [];
  for (const word of said) {
    const { ids, pieces } = hearings.get(word.text) ?? unheard;
    if (ids.length > 0) continue;
    if (isCut(word.text, pieces)) cut.push(word);
    else misfortunes.push({ what: "lost", word, ids: pieces.map(({ id }) => id) });
  }
  return { words: said.length, misfortunes, cut, repeats: lines.length - kept.size };
}

/**
 * A gap in the recording has no length in the sound, but in time it has: the beginning of one word before it and the end of
 * another behind it can make a third, which takes as long as no word does.
 */
function isOfTwoHalves({ startMs, endMs, text }: Line, shape: NumberShape): boolean {
  const word = numberWord(1, shape);
  const [token, ...more] = tokensOf(text);
  // A longer one holds a whole word, too: it is taken apart. And the word that is said there is that word.
  if (token === undefined || more.length > 0 || token.length > shape.digits) return false;
  const lengthMs = word.endMs - word.startMs;
  if ([startMs, endMs - lengthMs / 2].some((ms) => token === numberWord(numberAt(ms, shape), shape).text)) return false;
  return isLongerThanWords(startMs, endMs, shape);
}

function isLongerThanWords(startMs: number, endMs: number, shape: NumberShape): boolean {
  const word = numberWord(1, shape);
  return endMs - startMs > word.endMs - word.startMs + longestPauseMs;
}

/** What was begun before a gap may be too short to be heard, and the word behind it be told with its time. */
function beginsBeforeGap({ startMs }: Line, word: NumberWord, heard: Spans): boolean {
  return startMs < word.startMs && between(heard).some((gap) => touch(gap, { from: startMs, to: word.startMs }));
}

/** The service may count the silence round a word as the word's. */
const longestPauseMs = 500;

/** Under which ids a word came, whole or in pieces; an id comes twice that has it twice. */
interface Hearing {
  readonly ids: string[];
  readonly pieces: { readonly id: string; readonly text: string }[];
}

const unheard: Hearing = { ids: [], pieces: [] };

/** The tone that a cut goes through may be heard on both sides, or on neither. */
function isCut(word: string, pieces: Hearing["pieces"]): boolean {
  const [head, tail, ...more] = pieces;
  if (head === undefined || tail === undefined || more.length > 0 || head.id === tail.id) return false;
  const missing = word.length - head.text.length - tail.text.length;
  return word.startsWith(head.text) && word.endsWith(tail.text) && Math.abs(missing) <= 1;
}

/** By word, in the order in which they came first. */
function hearingsOf(lines: readonly Line[], shape: NumberShape): Map<string, Hearing> {
  const hearings = new Map<string, Hearing>();
  for (const line of lines) {
    const { id, startMs, text } = line;
    const below = saidBelow(line, shape);
    // Which word a piece belongs to is told by the transcript's time, or by the word before it.
    let expected = numberAt(startMs, shape);
    for (const token of tokensOf(text).flatMap((each) => partsOf(each, { least: expected, below }, shape))) {
      const number = isWhole(token, shape.digits) ? Number(token) : expected;
      const name = numberWord(number, shape).text;
      const hearing = hearings.get(name) ?? { ids: [], pieces: [] };
      if (isWhole(token, shape.digits)) hearing.ids.push(id);
      else hearing.pieces.push({ id, text: token });
      hearings.set(name, hearing);
      expected = number + 1;
    }
  }
  return hearings;
}

/** The first number that cannot be in a line, because it was said later: known where a gap lies between its beginning and its end. */
function saidBelow({ startMs, endMs }: Line, shape: NumberShape): number {
  if (!isLongerThanWords(startMs, endMs, shape)) return Number.POSITIVE_INFINITY;
  const number = numberAt(endMs, shape);
  return numberWord(number, shape).startMs < endMs ? number + 1 : number;
}

function isWhole(token: string, digits: number): boolean {
  return /^\d+$/.test(token) && token.length === digits && Number(token) > 0;
}

/**
 * A gap in the recording has no length in the sound: words on its two sides may be one without a pause. Taken apart so
 * that numbers come out that can have been said there; as it is, where none do.
 */
function partsOf(token: string, numbers: Numbers, shape: NumberShape): string[] {
  const { digits } = shape;
  if (token.length <= digits) return [token];
  const { least, below } = numbers;
  // What is said next is likelier than a piece of it that happens to read as the word before.
  return (
    wholeAndRest(token, numbers, shape) ??
    twoHalves(token, least, shape) ??
    wholeAndRest(token, { least: least - 1, below }, shape) ?? [token]
  );
}

/** Which numbers can have been said: no smaller one, and only those below. */
interface Numbers {
  readonly least: number;
  readonly below: number;
}

/** One whole number, at least, and what is left of others before and behind it. */
function wholeAndRest(token: string, { least, below }: Numbers, shape: NumberShape): string[] | null {
  const { digits } = shape;
  for (let head = 0; head < digits; head++) {
    const before = token.slice(0, head);
    const parts = token.slice(head).match(new RegExp(`.{1,${digits}}`, "g")) ?? [];
    const behind = parts.at(-1)?.length === digits ? "" : (parts.pop() ?? "");
    const numbers = parts.map((part) => (isWhole(part, digits) ? Number(part) : 0));
    const [first, last] = [numbers[0], numbers.at(-1)];
    if (first === undefined || last === undefined) continue;
    const isPossible =
      numbers.every((number) => number >= least && number < Math.min(below, least + longestGap)) &&
      isLeftOf(before, least - 1, first, shape) &&
      isLeftOf(behind, last + 1, last + longestGap, shape);
    if (isPossible) return [before, ...parts, behind].filter((part) => part !== "");
  }
  return null;
}

/** The beginning of the number that is said there, and the end of a later one. */
function twoHalves(token: string, expected: number, shape: NumberShape): string[] | null {
  for (let cut = 1; cut < shape.digits; cut++) {
    const [head, tail] = [token.slice(0, cut), token.slice(cut)];
    if (tail.length >= shape.digits || !numberWord(expected, shape).text.startsWith(head)) continue;
    if (isLeftOf(tail, expected + 1, expected + longestGap, shape)) return [head, tail];
  }
  return null;
}

/** Whether a gap can have left this of one of the numbers from one to (not with) another: its beginning, or its end. */
function isLeftOf(piece: string, from: number, below: number, shape: NumberShape): boolean {
  if (piece === "") return true;
  const texts = Array.from({ length: Math.max(0, below - from) }, (_, index) => numberWord(from + index, shape).text);
  return texts.some((text) => text.startsWith(piece) || text.endsWith(piece));
}

/** In words: far beyond what a recorder is away for. */
const longestGap = 20;

function tokensOf(text: string): string[] {
  return text.split(/[\s。，]+/u).filter((token) => token !== "");
}

/** The word that is said at a moment, or is said next. */
function numberAt(atMs: number, shape: NumberShape): number {
  const firstEndMs = numberWord(1, shape).endMs + shape.tones.toneMs;
  return Math.max(1, Math.ceil((atMs - firstEndMs) / shape.everyMs) + 1);
}

function wordsUntil(ms: number, shape: NumberShape): NumberWord[] {
  return Array.from({ length: numbersWithin(ms, shape) }, (_, index) => numberWord(index + 1, shape));
}
