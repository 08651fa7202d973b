import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { judge, type Line } from "../../scripts/campaigning/verdict.ts";
import { numberWord, plainNumbers } from "../../src/simulator/numbers.ts";

const shape = plainNumbers(16_000);
/** The sound of words 1 to 9. */
const heard = [{ from: 0, to: 11_000 }];
const exactness = { edgeMs: 100, datedMs: 100 };

function line(number: number, text = numberWord(number, shape).text, id = `id-${number}`): Line {
  const { startMs, endMs } = numberWord(number, shape);
  return { id, startMs, endMs, text };
}
const lines = (...numbers: number[]) => numbers.map((number) => line(number));
const all = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const but = (...numbers: number[]) => lines(...all.filter((number) => !numbers.includes(number)));

/** What is wrong, in short. */
function wrong(given: readonly Line[], spans = heard, uncertain: typeof heard = []): string[] {
  const { misfortunes, cut } = judge(given, shape, spans, uncertain, exactness);
  return [...misfortunes.map(({ what, word }) => `${what} ${word.text}`), ...cut.map(({ text }) => `cut ${text}`)];
}

suite("the verdict on words", () => {
  test("all in order, in whatever segments: nothing is wrong", () => {
    assert.deepEqual(wrong(lines(...all)), []);
    assert.deepEqual(wrong([line(1, "0001 0002 0003"), ...but(1, 2, 3)]), []);
    assert.deepEqual(wrong([line(1, "0001。"), ...but(1)]), []);
    assert.equal(judge(lines(...all), shape, heard, [], exactness).words, 9);
  });

  test("a word that is missing is lost", () => {
    assert.deepEqual(wrong(but(4)), ["lost 0004"]);
    assert.deepEqual(wrong([]).length, 9);
  });

  test("a word of two ids is doubled; the same id again is none", () => {
    assert.deepEqual(wrong([...lines(1, 2), line(2, "0002", "other"), ...but(1, 2)]), ["doubled 0002"]);
    assert.deepEqual(wrong([...lines(1, 2), line(2), ...but(1, 2)]), []);
    assert.equal(judge([...lines(1, 2), line(2)], shape, heard, [], exactness).repeats, 1);
  });

  test("a word twice in one transcript is doubled", () => {
    assert.deepEqual(wrong([line(1, "0001 0001"), ...but(1)]), ["doubled 0001"]);
  });

  test("what an id says again replaces what it said: words may get lost by that", () => {
    assert.deepEqual(wrong([line(1, "0001 0002"), line(1, "0001"), ...but(1, 2)]), ["lost 0002"]);
    assert.deepEqual(wrong([line(1, "0001 0002"), line(1, "0001"), ...but(1)]), []);
  });

  test("a word that comes first after a later one is reordered", () => {
    assert.deepEqual(wrong(lines(1, 3, 2, 4, 5, 6, 7, 8, 9)), ["reordered 0002"]);
  });

  test("a transcript that is 100 ms off is misdated", () => {
    const late = (ms: number) => ({ ...line(2), startMs: line(2).startMs + ms });
    assert.deepEqual(wrong([line(1), late(99), ...but(1, 2)]), []);
    assert.deepEqual(wrong([line(1), late(-101), ...but(1, 2)]), ["misdated 0002"]);
  });

  test("a piece of a word alone is a loss, beside the word a double", () => {
    assert.deepEqual(wrong([line(1), line(2, "00"), ...but(1, 2)]), ["lost 0002"]);
    assert.deepEqual(wrong([...lines(1, 2), line(2, "02", "tail"), ...but(1, 2)]), ["doubled 0002"]);
  });

  test("a word in two parts is cut; parts that do not make it up, or are of one transcript, are a loss", () => {
    const parts = (head: string, tail: string, id = "tail") => [line(2, head), line(2, tail, id), ...but(2)];
    assert.deepEqual(wrong(parts("00", "02")), ["cut 0002"]);
    // The cut went through a tone.
    assert.deepEqual(wrong(parts("00", "2")), ["cut 0002"]);
    assert.deepEqual(wrong(parts("000", "02")), ["cut 0002"]);
    assert.deepEqual(wrong(parts("0", "2")), ["lost 0002"]);
    assert.deepEqual(wrong(parts("00", "03")), ["lost 0002"]);
    assert.deepEqual(wrong(parts("00 02", "02", "id-2")), ["lost 0002"]);
  });

  test("what was said while no recorder listened is no loss, nor what a gap cuts", () => {
    const gap = [
      { from: 0, to: numberWord(3, shape).startMs + 100 },
      { from: numberWord(5, shape).startMs + 50, to: 11_000 },
    ];
    assert.deepEqual(wrong(but(3, 4, 5), gap), []);
    assert.deepEqual(wrong([...lines(1, 2), line(3, "0"), line(5, "05"), ...lines(6, 7, 8, 9)], gap), []);
    // Its time is that of the gap's beginning.
    assert.deepEqual(
      wrong([...lines(1, 2), { ...line(2, "05", "piece"), startMs: 2100 }, ...lines(6, 7, 8, 9)], gap),
      [],
    );
    // The gap has no length in the sound: what is left of a word after it may be in one transcript with the word before.
    assert.deepEqual(wrong([line(1), line(2, "0002 05"), ...lines(6, 7, 8, 9)], gap), []);
    // Two halves may make another word: it takes longer than words do.
    const halves = { ...line(3, "0001", "halves"), endMs: numberWord(5, shape).endMs };
    assert.deepEqual(wrong([...lines(1, 2), halves, ...lines(6, 7, 8, 9)], gap), []);
    assert.deepEqual(wrong([...lines(1, 2), line(3, "0001", "again"), ...lines(6, 7, 8, 9)], gap), [
      "misdated 0001",
      "doubled 0001",
    ]);
    assert.deepEqual(wrong(but(2, 3, 4, 5), gap), ["lost 0002"]);
    assert.equal(judge(but(3, 4, 5), shape, gap, [], exactness).words, 6);
  });

  test("words that a gap has joined are taken apart", () => {
    const spans = (from: number, to: number) => [
      { from: 0, to: numberWord(from, shape).endMs + 101 },
      { from: numberWord(to, shape).startMs - 101, to: 11_000 },
    ];
    assert.deepEqual(wrong([line(1), line(2, "00020004"), ...but(1, 2, 3, 4)], spans(2, 4)), []);
    assert.deepEqual(wrong([line(1), line(2, "0002004"), ...but(1, 2, 3, 4)], spans(2, 5)), []);
    assert.deepEqual(wrong([line(1), line(2), line(3, "030005"), ...but(1, 2, 3, 4, 5)], spans(2, 5)), []);
    // What is left of a tone behind the gap makes the word before it longer.
    const longer = { ...line(2), endMs: numberWord(4, shape).startMs };
    assert.deepEqual(wrong([line(1), longer, ...but(1, 2, 3)], spans(2, 4)), []);
    // However long the gap was in time.
    const joined = { ...line(3, "030005"), endMs: numberWord(5, shape).endMs };
    assert.deepEqual(wrong([line(1), line(2), joined, ...but(1, 2, 3, 4, 5)], spans(2, 5)), []);
    assert.deepEqual(wrong([line(1), line(2, "00027777"), ...but(1, 2)]), ["lost 0002"]);
  });

  test("so is what it has joined of two words: it may read as the word before them", () => {
    const before = lines(...Array.from({ length: 200 }, (_, index) => index + 1));
    const spans = [
      { from: 0, to: numberWord(201, shape).startMs + 280 },
      { from: numberWord(203, shape).startMs + 180, to: numberWord(205, shape).endMs + 500 },
    ];
    // "020" of 0201, and "03" of 0203: not 0200 and "3".
    assert.deepEqual(wrong([...before, line(201, "02003"), ...lines(204, 205)], spans), []);
    // "035" of 0351, and "353" of 0353: not 0353 and "53".
    const many = lines(...Array.from({ length: 350 }, (_, index) => index + 1));
    const later = [
      { from: 0, to: numberWord(351, shape).startMs + 280 },
      { from: numberWord(353, shape).startMs + 80, to: numberWord(355, shape).endMs + 500 },
    ];
    assert.deepEqual(wrong([...many, line(351, "035353"), ...lines(354, 355)], later), []);
    // "036" of 0363, and "65" of 0365: not 0366, which was said when the transcript was at its end.
    const yetLater = [
      { from: 0, to: numberWord(363, shape).startMs + 280 },
      { from: numberWord(365, shape).startMs + 180, to: numberWord(367, shape).endMs + 500 },
    ];
    const upTo = lines(...Array.from({ length: 362 }, (_, index) => index + 1));
    const joined = { ...line(363, "03665"), endMs: numberWord(365, shape).endMs };
    assert.deepEqual(wrong([...upTo, joined, ...lines(366, 367)], yetLater), []);
    assert.deepEqual(wrong([...before, line(201, "0200"), ...lines(204, 205)], spans), [
      "misdated 0200",
      "doubled 0200",
    ]);
  });

  test("a word behind a gap may have the time of what was begun before it, and of nothing else", () => {
    const spans = [
      { from: 0, to: numberWord(4, shape).startMs + 20 },
      { from: numberWord(5, shape).startMs - 400, to: 11_000 },
    ];
    const early = { ...line(5), startMs: numberWord(4, shape).startMs };
    assert.deepEqual(wrong([...lines(1, 2, 3), early, ...lines(6, 7, 8, 9)], spans), []);
    assert.deepEqual(wrong([...lines(1, 2, 3, 4), early, ...lines(6, 7, 8, 9)]), ["misdated 0005"]);
    const late = { ...line(5), startMs: numberWord(5, shape).startMs + 150 };
    assert.deepEqual(wrong([...lines(1, 2, 3), late, ...lines(6, 7, 8, 9)], spans), ["misdated 0005"]);
  });

  test("of two ways to take them apart the one counts that goes on: no word before comes again", () => {
    const cutAt = numberWord(91, shape).startMs + 250;
    const spans = [
      { from: 0, to: cutAt },
      { from: numberWord(92, shape).startMs - 200, to: numberWord(93, shape).endMs + 500 },
    ];
    const before = lines(...Array.from({ length: 90 }, (_, index) => index + 1));
    // "009" of 0091, and 0092 behind it: not 0090 and "092".
    assert.deepEqual(wrong([...before, line(91, "0090092"), line(93)], spans), []);
  });

  test("what was on its way to the disk of an agent that was killed may be missing, but not come twice", () => {
    const uncertain = [{ from: numberWord(4, shape).startMs - 10, to: numberWord(4, shape).startMs + 10 }];
    assert.deepEqual(wrong(but(4), heard, uncertain), []);
    assert.deepEqual(wrong(but(5), heard, uncertain), ["lost 0005"]);
    assert.deepEqual(wrong([...lines(...all), line(4, "0004", "other")], heard, uncertain), ["doubled 0004"]);
  });
});
