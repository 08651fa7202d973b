import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Lines } from "../../src/audio/lines.ts";
import { remarkOf } from "../../src/audio/recorder-words.ts";

// Lines that the real programs were seen to write, or have in their source.
const failures = [
  ["device-missing", "arecord: main:831: audio open error: No such file or directory"],
  ["device-missing", "arecord: main:831: audio open error: No such device"],
  ["device-missing", "ALSA lib pcm.c:2666:(snd_pcm_open_noupdate) Unknown PCM sysdefault:CARD=Mic"],
  ["device-missing", "ALSA lib confmisc.c:165:(snd_config_get_card) Cannot get card index for 77"],
  ["device-missing", "ALSA lib confmisc.c:855:(parse_card) cannot find card '0'"],
  ["device-missing", "rec FAIL formats: can't open input  `hw:0': snd_pcm_open error: No such file or directory"],
  ["device-missing", "sox FAIL sox: Sorry, there is no default audio device configured"],
  ["device-busy", "arecord: main:831: audio open error: Device or resource busy"],
  ["device-busy", "sox FAIL formats: can't open input  `hw:0': snd_pcm_open error: Device or resource busy"],
  ["device-denied", "arecord: main:831: audio open error: Permission denied"],
  ["device-lost", "arecord: pcm_read:2221: read error: No such device"],
  ["device-lost", "arecord: pcm_read:2221: read error: Input/output error"],
  ["device-lost", "arecord: pcm_read:2221: read error: File descriptor in bad state"],
  ["device-lost", "rec FAIL sox: `mic' Input/output error: Operation not permitted"],
  ["sound-server-away", "ALSA lib pulse.c:242:(pulse_connect) PulseAudio: Unable to connect: Connection refused"],
  ["sound-server-away", "arecord: main:831: audio open error: Connection refused"],
  ["sound-server-away", "arecord: main:831: audio open error: Host is down"],
  ["device-unsuitable", "arecord: set_params:1349: Channels count non available"],
  ["device-unsuitable", "arecord: set_params:1343: Sample format non available"],
  ["device-unsuitable", "Broken configuration for this PCM: no configurations available"],
  ["device-unsuitable", "arecord: set_params:1435: Unable to install hw params:"],
  ["device-unsuitable", "Warning: rate is not accurate (requested = 16000Hz, got = 48000Hz)"],
  ["recorder-missing", "sox FAIL formats: no handler for given file type `alsa'"],
] as const;

for (const [code, line] of failures) {
  test(`${code}: ${line}`, () => {
    const remark = remarkOf(line);
    assert.ok(remark?.type === "failure");
    assert.equal(remark.failure.code, code);
    assert.ok(remark.failure.hint.length > 0);
  });
}

test("a microphone that does not do the rate is told of plughw", () => {
  const remark = remarkOf("arecord: set_params:1349: Channels count non available");
  assert.ok(remark?.type === "failure");
  assert.match(remark.failure.hint, /plughw/);
});

test("overruns are counted in ms, where the recorder says how many", () => {
  assert.deepEqual(remarkOf("overrun!!! (at least 1234.567 ms long)"), { type: "overrun", lostMs: 1234.567 });
  assert.deepEqual(remarkOf("overrun!!! (at least 3 ms long)"), { type: "overrun", lostMs: 3 });
  assert.deepEqual(remarkOf("rec WARN alsa: over-run"), { type: "overrun", lostMs: 0 });
});

test("chatter is no failure", () => {
  for (const line of [
    "ALSA lib confmisc.c:422:(snd_func_concat) error evaluating strings",
    "arecord: pcm_read:2221: read error: Interrupted system call",
    "Suspended. Trying resume. ",
    "rec WARN formats: can't set sample rate 16000; using 48000",
    "File descriptor in bad state of No such device",
    "",
  ]) {
    assert.equal(remarkOf(line), null, line);
  }
});

test("no line crashes it, and an overrun is a finite number of ms", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .tuple(fc.constantFrom(...failures.map(([, line]) => line)), fc.string(), fc.nat(60))
      .map(([line, inserted, at]) => line.slice(0, at) + inserted + line.slice(at)),
    fc.nat(400).map((digits) => `overrun!!! (at least ${"9".repeat(digits)} ms long)`),
  );
  fc.assert(
    fc.property(line, (text) => {
      const remark = remarkOf(text);
      if (remark?.type === "overrun") assert.ok(Number.isFinite(remark.lostMs));
    }),
    { numRuns: 10_000 },
  );
});

test("lines are the same wherever the bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "grapheme", maxLength: 20 }), { maxLength: 20 }),
      fc.array(fc.nat(400)),
      (lines, cuts) => {
        const bytes = Buffer.from(lines.join("\n"));
        const read = (at: readonly number[]) => {
          const reader = new Lines();
          const heard: string[] = [];
          let from = 0;
          for (const to of [...at, bytes.length]) {
            heard.push(...reader.push(bytes.subarray(from, Math.max(from, to))));
            from = Math.max(from, to);
          }
          return [...heard, ...reader.end()];
        };
        const expected = lines
          .join("\n")
          .split(/[\r\n]+/)
          .filter((line) => line !== "");
        assert.deepEqual(read([]), expected);
        assert.deepEqual(read(cuts.toSorted((a, b) => a - b)), expected);
      },
    ),
    { numRuns: 10_000 },
  );
});

test("a line without end, and lines without number, are cut short: memory stays bounded", () => {
  const reader = new Lines();
  for (let n = 0; n < 1_000; n += 1) assert.deepEqual(reader.push(Buffer.alloc(65_536, "a")), []);
  assert.deepEqual(reader.push(Buffer.from("\nshort\n")), ["a".repeat(300), "short"]);
  const many = reader.push(Buffer.from("x\n".repeat(30_000)));
  assert.ok(many.length <= 100);
});
