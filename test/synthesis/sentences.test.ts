import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { piecesOf } from "../../src/synthesis/sentences.ts";

const long = (text: string, times: number) => text.repeat(times);

suite("a text is cut where a speaker would pause", () => {
  const table: readonly (readonly [what: string, text: string, most: number, pieces: readonly string[]])[] = [
    ["one sentence stays whole", "Guten Tag.", 499, ["Guten Tag."]],
    ["short sentences share a piece", "Ja. Nein! Gut?", 499, ["Ja. Nein! Gut?"]],
    ["long ones do not", `${long("a", 60)}. ${long("b", 60)}.`, 499, [`${long("a", 60)}.`, `${long("b", 60)}.`]],
    ["Chinese marks end sentences", "你好。再见！好吗？", 4, ["你好。", "再见！", "好吗？"]],
    ["closing quotes stay with theirs", "“你好。”“再见。”", 6, ["“你好。”", "“再见。”"]],
    ["a number is not two sentences", "It is 3.14 now. Yes.", 16, ["It is 3.14 now.", "Yes."]],
    ["a line's end is one", "one\ntwo", 5, ["one", "two"]],
    ["too long a sentence is cut at commas", "eins, zwei, drei, vier", 12, ["eins, zwei,", "drei, vier"]],
    ["and Chinese ones", "一二三，四五六、七八九", 4, ["一二三，", "四五六、", "七八九"]],
    ["then at words", "eins zwei drei", 9, ["eins zwei", "drei"]],
    ["then anywhere", "abcdefgh", 3, ["abc", "def", "gh"]],
    ["but never inside a character", "😀😀😀", 3, ["😀", "😀", "😀"]],
    ["nor inside what looks like one", "e\u0301e\u0301e\u0301", 5, ["e\u0301e\u0301", "e\u0301"]],
    ["unless it is longer than a piece may be", "👨‍👩‍👧‍👦", 4, ["👨‍", "👩‍", "👧‍", "👦"]],
    ["what cannot be spoken is left out", "... --- ??? 1.", 6, ["1."]],
    ["control characters become spaces", "a\u0007b", 499, ["a b"]],
    ["nothing gives nothing", " \n ", 499, []],
  ];
  for (const [what, text, most, pieces] of table) {
    test(what, () => assert.deepEqual(piecesOf(text, most), pieces));
  }

  test("whatever the text: short enough, well-formed, and nothing that is spoken is lost or reordered", () => {
    const bits = fc.constantFrom(
      "a",
      "1",
      ".",
      "。",
      ", ",
      "，",
      " ",
      "\n",
      "😀",
      "”",
      "e\u0301",
      "\ud800",
      "x".repeat(30),
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 200 }), fc.integer({ min: 2, max: 60 }), (parts, most) => {
        const text = parts.join("");
        const pieces = piecesOf(text, most);
        for (const piece of pieces) {
          assert.ok(piece.length <= most && piece !== "" && piece.isWellFormed());
        }
        const spoken = (all: string) => all.toWellFormed().replace(/[^\p{L}\p{N}]/gu, "");
        assert.equal(spoken(pieces.join("")), spoken(text));
      }),
      { numRuns: 500 },
    );
  });

  test("the service's limit is kept without being asked for", () => {
    assert.ok(piecesOf(long("字", 2000)).every((piece) => piece.length <= 499));
  });
});
