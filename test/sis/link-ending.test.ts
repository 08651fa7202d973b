import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { diagnoseStatus } from "../../src/sis/catalogue.ts";
import { HttpAnswer } from "../../src/sis/http-answer.ts";
import { closed, diagnoseEnding, type LinkEnding, unreachable } from "../../src/sis/link-ending.ts";

const refused: LinkEnding = {
  how: "refused",
  diagnosis: diagnoseStatus(401),
  message: "decrypt token fail",
  retryAfterMs: 3_000,
  serverDateMs: 7,
};
const noToken = new Fault("token-refused", "IAM at x answered HTTP 401", { cause: new HttpAnswer(401, 5_000) });

for (const [name, ending, told] of [
  ["a refusal", refused, ["REFUSED", "HTTP.401", "decrypt token fail", 3_000, 7]],
  ["no token", unreachable(noToken), ["UNREACHABLE", "token-refused", "IAM at x answered HTTP 401", 5_000, null]],
  [
    "silence",
    { how: "dead", fault: new Fault("link-dead", "x is mute") },
    ["LOST", "link-dead", "x is mute", null, null],
  ],
  ["a cut", closed(1006, "", false), ["LOST", "link-lost", "the connection ended with close code 1006", null, null]],
  [
    "a close with words",
    closed(1011, "engine failed", false),
    ["LOST", "link-lost", "the connection ended with close code 1011: engine failed", null, null],
  ],
] as const) {
  test(`${name} is diagnosed`, () => {
    const { kind, diagnosis, message, retryAfterMs, serverDateMs } = diagnoseEnding(ending);
    assert.deepEqual([kind, diagnosis.code, message, retryAfterMs, serverDateMs], told);
  });
}

test("who hangs up with a closing handshake is asked why; where there was none, it is the network that is looked at", () => {
  assert.match(diagnoseEnding(closed(1000, "", false)).diagnosis.hint, /hung up.*close code/);
  assert.match(diagnoseEnding(closed(1006, "", false)).diagnosis.hint, /Wi-Fi/);
});

test("fresh credentials are no mend where IAM has just refused to give any", () => {
  assert.equal(diagnoseEnding(refused).renewable, true);
  assert.equal(diagnoseEnding(unreachable(noToken)).renewable, false);
});
