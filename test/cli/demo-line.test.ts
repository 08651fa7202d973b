import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { clockTime, count, duration, minutes } from "../../src/cli/demo/format.ts";
import { cut, line, painted, type Span, span, widthOf, wrapped } from "../../src/cli/demo/line.ts";

const textOf = (row: readonly Span[]) => painted(row, false);
const anySpans = fc.array(
  fc.string({ unit: "grapheme-ascii", maxLength: 60 }).map((text) => span(text)),
  { maxLength: 6 },
);

test("colours are escape sequences around the text, and nothing without colours", () => {
  const spans = [span("it "), span("works", "good"), span("!", "strong")];
  assert.equal(painted(spans, false), "it works!");
  assert.equal(painted(spans, true), "it \u001b[32mworks\u001b[0m\u001b[1m!\u001b[0m");
});

test("a long line goes on at its hanging indent, broken between words", () => {
  const spans = [span("one two three "), span("four five six seven", "good")];
  assert.deepEqual(wrapped(line(4, ...spans), 30).map(textOf), ["one two three four five six", "    seven"]);
  assert.deepEqual(wrapped(line(4, ...spans), 10).map(textOf), ["one two", "three four", "five six", "seven"]);
});

test("a break comes after a comma, too, but not between a number and its unit", () => {
  const spans = [span('{"first":1,"second":2} tries again in 2.5 s')];
  assert.deepEqual(wrapped(line(0, ...spans), 22).map(textOf), ['{"first":1,"second":2}', "tries again in 2.5 s"]);
  assert.deepEqual(wrapped(line(0, ...spans), 18).map(textOf), ['{"first":1,', '"second":2} tries', "again in 2.5 s"]);
  assert.deepEqual(wrapped(line(0, span("tries again in 2.5 s")), 18).map(textOf), ["tries again in", "2.5 s"]);
});

test("no row is wider than the terminal, whatever the text, and nothing but blanks is lost", () => {
  const visible = (text: string) => text.replaceAll(" ", "");
  fc.assert(
    fc.property(
      anySpans,
      fc.integer({ min: 20, max: 100 }),
      fc.integer({ min: 0, max: 30 }),
      (spans, columns, hang) => {
        const rows = wrapped(line(hang, ...spans), columns).map(textOf);
        for (const row of rows) assert.ok(row.length <= columns, JSON.stringify(rows));
        assert.equal(visible(rows.join("")), visible(spans.map(({ text }) => text).join("")));
      },
    ),
  );
});

test("what is cut to fit is marked", () => {
  const spans = [span("abc"), span("def")];
  assert.equal(textOf(cut(spans, 6)), "abcdef");
  assert.equal(textOf(cut(spans, 5)), "abcd…");
  assert.equal(textOf(cut(spans, 3)), "ab…");
  fc.assert(
    fc.property(anySpans, fc.integer({ min: 0, max: 100 }), (any, columns) => widthOf(cut(any, columns)) <= columns),
  );
});

test("times and counts as people read them", () => {
  assert.equal(clockTime(new Date(2026, 0, 2, 3, 4, 5, 678).getTime()), "03:04:05.6");
  assert.deepEqual([0, 42, 999, 1_000, 9_949, 65_000].map(duration), [
    "0.00 s",
    "0.04 s",
    "1.00 s",
    "1.0 s",
    "9.9 s",
    "65 s",
  ]);
  assert.deepEqual([-5, 0, 59_999, 65_000].map(minutes), ["0:00", "0:00", "0:59", "1:05"]);
  assert.deepEqual([count(1, "word"), count(2, "word")], ["1 word", "2 words"]);
});
