import assert from "node:assert/strict";
import { test } from "node:test";
import { clockFinding } from "../../../src/cli/doctor/clock.ts";
import { spaceFinding } from "../../../src/cli/doctor/disk.ts";
import { outcomeOf, type Status } from "../../../src/cli/doctor/finding.ts";
import { soundFinding, soundOf } from "../../../src/cli/doctor/microphone.ts";
import { tlsFinding } from "../../../src/cli/doctor/network.ts";
import { unitFinding } from "../../../src/cli/doctor/unit.ts";

const nowMs = Date.UTC(2026, 0, 1);
const sampleRate = 16_000;
const tone = (amplitude: number) =>
  Int16Array.from({ length: 2 * sampleRate }, (_, n) =>
    Math.max(-32_768, Math.min(32_767, Math.round(amplitude * Math.sin((n * 2 * Math.PI * 440) / sampleRate)))),
  );
/** Half a second of tone, and a quiet room. */
const speech = tone(8000).map((sample, n) => (n < sampleRate / 2 ? sample : (n % 7) - 3));
const unit = (state: Readonly<Record<string, string>>) =>
  unitFinding(
    new Map(Object.entries({ LoadState: "loaded", ActiveState: "active", UnitFileState: "enabled", ...state })),
  );

const rows: readonly (readonly [
  string,
  { readonly status: Status; readonly says: string; readonly mend: string },
  Status,
  RegExp,
])[] = [
  ["a clock that is right", clockFinding(nowMs, nowMs + 900, true), "ok", /agrees with the service's/],
  ["a clock that nobody can compare", clockFinding(nowMs, null, null), "ok", /could not be compared/],
  ["a clock that is not synchronised", clockFinding(nowMs, null, false), "warn", /not synchronised/],
  ["a clock a minute off", clockFinding(nowMs, nowMs - 60_000, true), "warn", /60 s ahead of/],
  ["a clock an hour off", clockFinding(nowMs, nowMs + 3_600_000, true), "fail", /3600 s behind/],
  ["a clock that was never set", clockFinding(0, null, null), "fail", /1970-01-01/],
  ["a disk with room", spaceFinding("/s", 1e9, 1e8), "ok", /1000 MB are free/],
  ["a disk with too little room", spaceFinding("/s", 1e8, 2e8), "warn", /may take \(200 MB\)/],
  ["a disk without room", spaceFinding("/s", 1e6, 0), "fail", /1 MB are free/],
  [
    "a voice in a quiet room",
    soundFinding(soundOf(speech, sampleRate), "mic"),
    "ok",
    /mic: level -2\d dBFS, peak -12 dBFS, noise floor -8\d/,
  ],
  [
    "a dead microphone",
    soundFinding(soundOf(new Int16Array(32_000).fill(5), sampleRate), "mic"),
    "fail",
    /every sample is the same/,
  ],
  ["no sound at all", soundFinding(soundOf(new Int16Array(0), sampleRate), "mic"), "fail", /silence only/],
  ["clipping", soundFinding(soundOf(tone(60_000), sampleRate), "mic"), "warn", /cut off at full scale/],
  ["noise all the time", soundFinding(soundOf(tone(8000), sampleRate), "mic"), "warn", /loud all the time/],
  ["hardly any sound", soundFinding(soundOf(tone(3), sampleRate), "mic"), "warn", /hardly any sound/],
  ["a good certificate", tlsFinding("h:443", nowMs + 90 * 86_400_000, nowMs), "ok", /good for 90 days/],
  ["a certificate at its end", tlsFinding("h:443", nowMs + 2.5 * 86_400_000, nowMs), "warn", /expires in 2 days/],
  ["no encryption", tlsFinding("h:80", null, nowMs), "ok", /not encrypted/],
  ["a unit that runs", unit({ StatusText: "streaming" }), "ok", /runs: streaming/],
  ["no unit", unit({ LoadState: "not-found" }), "warn", /not installed/],
  ["a unit that failed", unit({ ActiveState: "failed", Result: "exit-code" }), "fail", /has failed \(exit-code\)/],
  ["a unit that does not come up", unit({ ActiveState: "activating", NRestarts: "9" }), "fail", /started 9 times/],
  ["a unit that is restarted again and again", unit({ NRestarts: "9" }), "warn", /restarted 9 times/],
  ["a unit that is off", unit({ ActiveState: "inactive", SubState: "dead" }), "warn", /inactive \(dead\)/],
  ["a unit that will not start at boot", unit({ UnitFileState: "disabled" }), "warn", /not start at boot/],
];

for (const [what, finding, status, says] of rows) {
  test(`${what}: ${status}`, () => {
    assert.equal(finding.status, status, finding.says);
    assert.match(finding.says, says);
    assert.equal(finding.mend === "", status === "ok", "what is wrong has a mend");
  });
}

test("the worst finding is the outcome; what was skipped is none", () => {
  const of = (...statuses: readonly Status[]) => outcomeOf(statuses.map((status) => ({ status, says: "", mend: "" })));
  assert.deepEqual([of("ok", "skip"), of("ok", "warn"), of("warn", "fail", "ok")], ["ok", "warn", "fail"]);
});
