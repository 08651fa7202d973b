import assert from "node:assert/strict";
import { test } from "node:test";
import { wavHeader } from "../../../src/audio/wav.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { microphoneCheck } from "../../../src/cli/doctor/microphone.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { Folder } from "../process.ts";

const header = (bytes: number) =>
  Buffer.from(wavHeader({ encoding: "s16", channels: 1, sampleRate: 16_000 }, bytes)).toString("latin1");
const whole = header(32_000) + "\0".repeat(32_000);

for (const [name, content, status, says] of [
  ["that can be played", whole, "ok", /sound\.wav can be played$/],
  ["that is cut off in its head", whole.slice(0, 20), "fail", /breaks off before its sound begins/],
  ["without a sample", header(0), "fail", /holds no sound/],
  ["of another kind", "ID3\u0003".repeat(9), "fail", /is not a WAV file/],
] as const)
  test(`a sound file ${name}`, async () => {
    await using folder = await Folder.with({
      "sound.wav": Buffer.from(content, "latin1"),
      "agent.toml":
        'device_id = "d"\n[sis]\nendpoint = "ws://127.0.0.1:9"\nproject_id = "p"\n[audio]\nsource = "file"\npath = "sound.wav"\n',
    });
    const configuration = await loadConfiguration(folder.of("agent.toml"), {});
    const patient = { configuration, clock: systemClock, agentPid: null };
    const found = await microphoneCheck.look(patient, new AbortController().signal);
    assert.equal(found.status, status);
    assert.match(found.says, says);
  });
