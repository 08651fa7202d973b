import assert from "node:assert/strict";
import { test } from "node:test";
import type { Instant } from "../../src/base/clock.ts";
import { Fault } from "../../src/base/fault.ts";
import { type DeviceInput, offlineDevice, startingDevice, stepDevice } from "../../src/fleet/device-state.ts";
import { statePayload } from "../../src/fleet/payloads.ts";
import type { RecognitionPhase } from "../../src/recognition/report.ts";
import { errorOf, sessionOf } from "./samples.ts";

const at = (ms: number) => ({ monotonicMs: ms, wallMs: ms });
const unplugged: DeviceInput = {
  type: "interrupted",
  fault: new Fault("device-lost", "the microphone is gone"),
  attempt: 1,
  retryInMs: 500,
};
const audio: DeviceInput = { type: "audio", samples: new Int16Array(1) };
const muted = (on: boolean): DeviceInput =>
  on ? { type: "muted", muted: true, by: "mute" } : { type: "muted", muted: false };
const stopped: DeviceInput = { type: "muted", muted: true, by: "stop" };
const awaitsStart = "stopped by the fleet: the command start has it listen again";
const phase = (name: RecognitionPhase, reason: string = name): DeviceInput => ({
  type: "phase",
  phase: name,
  reason,
  retryInMs: null,
});

const rows: readonly { inputs: readonly DeviceInput[]; phase: string; reason: string }[] = [
  { inputs: [], phase: "starting", reason: "started" },
  { inputs: [{ type: "opened", description: "mic" }, audio], phase: "starting", reason: "started" },
  { inputs: [phase("listening")], phase: "listening", reason: "listening" },
  { inputs: [phase("listening"), phase("streaming")], phase: "streaming", reason: "streaming" },
  { inputs: [phase("backing-off", "SIS.0303")], phase: "backing-off", reason: "SIS.0303" },
  { inputs: [phase("held", "SIS.0103")], phase: "held", reason: "SIS.0103" },
  { inputs: [phase("stopped", "end of file")], phase: "stopping", reason: "end of file" },
  { inputs: [unplugged], phase: "backing-off", reason: "no sound: the microphone is gone" },
  { inputs: [phase("streaming"), unplugged], phase: "backing-off", reason: "no sound: the microphone is gone" },
  { inputs: [phase("streaming"), unplugged, audio], phase: "streaming", reason: "streaming" },
  { inputs: [unplugged, phase("streaming")], phase: "backing-off", reason: "no sound: the microphone is gone" },
  { inputs: [unplugged, phase("held")], phase: "held", reason: "held" },
  { inputs: [muted(true)], phase: "muted", reason: "the microphone is muted" },
  { inputs: [phase("streaming"), muted(true)], phase: "muted", reason: "the microphone is muted" },
  { inputs: [phase("held"), muted(true)], phase: "muted", reason: "the microphone is muted" },
  { inputs: [muted(true), phase("listening"), audio], phase: "muted", reason: "the microphone is muted" },
  { inputs: [muted(true), phase("stopped")], phase: "stopping", reason: "stopped" },
  { inputs: [muted(true), muted(false)], phase: "starting", reason: "started" },
  { inputs: [phase("listening"), muted(true), muted(false)], phase: "listening", reason: "listening" },
  { inputs: [muted(true), muted(false), unplugged], phase: "backing-off", reason: "no sound: the microphone is gone" },
  { inputs: [phase("streaming"), stopped], phase: "muted", reason: awaitsStart },
  { inputs: [stopped, phase("streaming"), phase("listening")], phase: "muted", reason: awaitsStart },
  { inputs: [stopped, muted(true)], phase: "muted", reason: "the microphone is muted" },
  { inputs: [muted(true), stopped, muted(false), phase("listening")], phase: "listening", reason: "listening" },
  { inputs: [unplugged, phase("stopped")], phase: "stopping", reason: "stopped" },
  { inputs: [phase("streaming"), errorOf(), sessionOf("ended")], phase: "streaming", reason: "streaming" },
  { inputs: [phase("backing-off", "a\u001b[31mb")], phase: "backing-off", reason: "a [31mb" },
];

for (const row of rows) {
  test(`${row.inputs.map((input) => ("phase" in input ? input.phase : input.type)).join(", ") || "nothing"} → ${row.phase}`, () => {
    const state = row.inputs.reduce((before, input) => stepDevice(before, input, at(1_000)), startingDevice(at(0)));
    assert.equal(state.phase, row.phase);
    assert.equal(state.reason, row.reason);
  });
}

test("since is when the phase began, not when its reason changed", () => {
  let state = stepDevice(startingDevice(at(0)), phase("backing-off", "first"), at(1_000));
  state = stepDevice(state, phase("backing-off", "second"), at(2_000));
  assert.deepEqual([state.since, state.reason], [at(1_000), "second"]);
  assert.deepEqual(stepDevice(state, phase("streaming"), at(3_000)).since, at(3_000));
});

test("sound that flows while all is well changes nothing", () => {
  const state = stepDevice(startingDevice(at(0)), phase("streaming"), at(1_000));
  assert.equal(stepDevice(state, audio, at(2_000)), state);
});

test("the end is offline with its reason", () => {
  const state = offlineDevice(startingDevice(at(0)), "stopped by SIGTERM", at(5_000));
  assert.deepEqual([state.phase, state.reason, state.since], ["offline", "stopped by SIGTERM", at(5_000)]);
});

test("since is told by the clock as it is set now: one that was set after the start says nothing of 1970", () => {
  const wallMs = Date.UTC(2026, 5, 1);
  const told = (clock: Instant) => {
    const state = stepDevice(startingDevice(at(0)), phase("streaming"), at(9_000));
    return statePayload(state, "b", "s", clock).since;
  };
  assert.equal(told({ monotonicMs: 20_000, wallMs }), "2026-05-31T23:59:49.000Z");
  assert.equal(told({ monotonicMs: 20_000, wallMs: 20_000 }), "1970-01-01T00:00:09.000Z");
  // The two clocks never run quite alike: what was told once is told again.
  assert.equal(told({ monotonicMs: 20_000.4, wallMs: 20_200 }), "1970-01-01T00:00:09.000Z");
});
