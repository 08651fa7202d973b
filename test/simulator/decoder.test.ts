import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { encodeALaw, encodeMuLaw } from "../../src/audio/g711.ts";
import { audioDecoder } from "../../src/simulator/decoder.ts";
import { dtmf, plainDtmf } from "../../src/simulator/dtmf.ts";
import { DtmfDetector } from "../../src/simulator/dtmf-detector.ts";
import { audioFormats, encodingOf, sampleRateOf } from "../../src/sis/request.ts";

suite("decoding audio", () => {
  test("PCM comes out the same wherever messages cut it, in the middle of a sample too", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(200), { maxLength: 10 }), (bytes, cuts) => {
        const whole = audioDecoder("pcm16k16bit")(bytes);
        const decode = audioDecoder("pcm16k16bit");
        const bounds = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
        const pieces = bounds.flatMap((from, index) => [...decode(bytes.subarray(from, bounds[index + 1] ?? from))]);
        assert.deepEqual(pieces, [...whole]);
        assert.equal(whole.length, bytes.length >> 1);
        if (bytes.length > 1) assert.equal(whole[0], Buffer.from(bytes).readInt16LE(0));
      }),
    );
  });

  for (const format of audioFormats) {
    test(`digits survive ${format}`, () => {
      const sampleRate = sampleRateOf(format);
      const samples = dtmf("0123456789", { ...plainDtmf, sampleRate });
      const encode = { pcm: (pcm: Int16Array) => new Uint8Array(pcm.buffer), ulaw: encodeMuLaw, alaw: encodeALaw };
      const decoded = audioDecoder(format)(encode[encodingOf(format)](samples));
      const detector = new DtmfDetector(sampleRate);
      const tones = [...detector.push(decoded), ...detector.finish()];
      assert.equal(tones.map((tone) => tone.digit).join(""), "0123456789");
    });
  }
});
