import assert from "node:assert/strict";
import { test } from "node:test";
import { playerRemarkOf } from "../../src/audio/player-words.ts";

/** Words of aplay 1.2 and SoX 14.4, as they were seen. */
const failures: readonly (readonly [line: string, code: string])[] = [
  ["aplay: main:831: audio open error: No such file or directory", "speaker-missing"],
  ["aplay: main:831: audio open error: Device or resource busy", "speaker-busy"],
  ["aplay: main:831: audio open error: Permission denied", "speaker-denied"],
  ["aplay: main:831: audio open error: Connection refused", "sound-server-away"],
  ["aplay: pcm_write:2127: write error: No such device", "speaker-lost"],
  ["aplay: pcm_write:2127: write error: Input/output error", "speaker-lost"],
  ["aplay: set_params:1358: Channels count non available", "speaker-unsuitable"],
  ["aplay: set_params:1387: Unable to install hw params:", "speaker-unsuitable"],
  [
    "play FAIL formats: can't open output file `nonesuch': snd_pcm_open error: No such file or directory",
    "speaker-missing",
  ],
  ["play FAIL formats: no handler for given file type `alsa'", "player-missing"],
];
for (const [line, code] of failures) {
  test(`${code}: ${line}`, () => {
    const remark = playerRemarkOf(line);
    assert.ok(remark?.type === "failure");
    assert.equal(remark.failure.code, code);
    assert.doesNotMatch(`${remark.failure.message} ${remark.failure.hint}`, /microphone|record|capture/);
  });
}

test("running out of sound is counted", () => {
  assert.deepEqual(playerRemarkOf("underrun!!! (at least 12.500 ms long)"), { type: "overrun", lostMs: 12.5 });
  assert.deepEqual(playerRemarkOf("play WARN alsa: under-run"), { type: "overrun", lostMs: 0 });
});

test("chatter is none of it", () => {
  assert.equal(playerRemarkOf("Playing raw data 'stdin' : Signed 16 bit Little Endian, Rate 16000 Hz, Mono"), null);
});
