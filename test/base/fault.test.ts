import assert from "node:assert/strict";
import { test } from "node:test";
import { printable } from "../../src/base/fault.ts";

for (const [text, shown] of [
  ["plain, 中文 and 😀", "plain, 中文 and 😀"],
  ["\u001b[31mred\u0007\nline\u2028end", " [31mred  line end"],
  ["abc\u202edcba\u2066x\u2069", "abc dcba x "],
  ["half \ud83d, other half \ude00", "half \ufffd, other half \ufffd"],
  ["0123456789", "0123456789"],
  ["0123456789a", "0123456789…"],
  ["012345678😀", "012345678…"],
] as const) {
  test(`${JSON.stringify(text)} is shown as ${JSON.stringify(shown)}`, () => {
    assert.equal(printable(text, text.startsWith("0") ? 10 : 200), shown);
  });
}
