import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../../src/base/clock.ts";
import { microphoneCheck } from "../../../src/cli/doctor/microphone.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { Folder } from "../process.ts";

for (const [name, content] of [
  ["muted", "panel\n"],
  ["stopped", ""],
] as const)
  test(`a device that is ${name} is not recorded by the doctor either`, async () => {
    await using folder = await Folder.with({
      [name]: content,
      // Recorded, it would fail: there is no such device.
      "agent.toml": `device_id = "d"\nstate_dir = "."\n[sis]\nendpoint = "ws://127.0.0.1:9"\nproject_id = "p"\n[audio]\ndevice = "no-such-device"\n`,
    });
    const configuration = await loadConfiguration(folder.of("agent.toml"), {});
    const patient = { configuration, clock: systemClock, agentPid: null };
    const found = await microphoneCheck.look(patient, new AbortController().signal);
    assert.deepEqual([found.status, found.says], ["skip", `the device is ${name}: nothing is recorded`]);
  });
