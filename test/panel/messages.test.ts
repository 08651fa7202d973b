import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { helloBody, lampsBody, type PanelMessage, panelMessageOf, textBody } from "../../src/panel/messages.ts";

const hello = (columns: number, utf8: boolean): PanelMessage => ({ type: "hello", kind: { columns, utf8 } });
const keys = (talk: number, mute: number): PanelMessage => ({ type: "keys", counts: { talk, mute } });

const rows: readonly (readonly [string, PanelMessage | null])[] = [
  ["H 1 16 ascii", hello(16, false)],
  ["H 1 0 ascii", hello(0, false)],
  ["H 1 40 utf8", hello(40, true)],
  ["H 1 16", hello(16, false)],
  ["H 2 16 utf8 and more", hello(16, true)],
  ["H 0 16 ascii", null],
  ["H 1 99 ascii", null],
  ["H 1", null],
  ["H", null],
  ["K 0 0", keys(0, 0)],
  ["K 99 7", keys(99, 7)],
  ["K 1 2 3", keys(1, 2)],
  ["K 100 0", null],
  ["K -1 0", null],
  ["K 1", null],
  ["K 1  2", null],
  ["Z what a later version says", null],
  ["", null],
];

for (const [body, message] of rows) {
  test(`“${body}” is ${message?.type ?? "passed over"}`, () => {
    assert.deepEqual(panelMessageOf(body), message);
  });
}

test("any text is a message that is in bounds, or none", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[HK]( \S{0,4}){0,4}$/)), (body) => {
      const message = panelMessageOf(body);
      if (message?.type === "keys") assert.ok(message.counts.talk <= 99 && message.counts.mute <= 99);
      if (message?.type === "hello") assert.ok(message.kind.columns <= 64);
    }),
  );
});

test("what the agent says", () => {
  assert.equal(helloBody(), "H 1");
  assert.equal(lampsBody({ phase: "backing-off", severity: 3, level: 7 }), "S b 3 7");
  assert.equal(textBody("streaming", { columns: 6, utf8: false }), "T stream");
  assert.equal(textBody("麦克风 off", { columns: 16, utf8: false }), "T ??? off");
  assert.equal(textBody("麦克风 off", { columns: 5, utf8: true }), "T 麦克风 o");
});
