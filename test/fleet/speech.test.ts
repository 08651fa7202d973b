import assert from "node:assert/strict";
import { test } from "node:test";
import { playerRemarkOf } from "../../src/audio/player-words.ts";
import { Fault } from "../../src/base/fault.ts";
import { seededRandom } from "../../src/base/random.ts";
import { type FleetMessage, startFleet } from "../../src/fleet/fleet.ts";
import { knownFaults } from "../../src/fleet/known-faults.ts";
import { diagnose } from "../../src/sis/catalogue.ts";
import type { Outcome } from "../../src/synthesis/outcome.ts";
import type { SpeechError } from "../../src/synthesis/report.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { deviceInfo, errorReport, idle, sessionOf } from "./samples.ts";

const silentLogger = { debug() {}, info() {}, warn() {}, error() {} };
const account = { spokenMs: 0, firstSoundMs: null, retries: 0, repeats: 0 };
const spoken: Outcome = { result: "spoken", ...account };

function startLab() {
  const clock = new ManualClock();
  const fleet = startFleet({
    identity: { fleet: "lab", device: "kiosk-17", boot: "boot-1" },
    broker: null,
    info: deviceInfo,
    configHash: () => "hash",
    homeAssistant: false,
    executors: {},
    ...idle,
    publishTranscripts: false,
    stateDir: null,
    clock,
    random: seededRandom("speech"),
    logger: silentLogger,
  });
  const messages: FleetMessage[] = [];
  fleet.observe((message) => messages.push(message));
  const topics = () => messages.splice(0).map(({ topic }) => topic.replace("sis/v1/lab/kiosk-17/up/", ""));
  return { clock, fleet, messages, topics };
}

const given = (change: Partial<SpeechError>): SpeechError => ({ ...errorReport, heard: false, ...change });

test("a voice that does not exist: an event and an alarm at once, until the service speaks; recognition cannot end it, nor can what was kept", async () => {
  const { clock, fleet, topics } = startLab();
  fleet.speech(given({ code: "SIS.0411", class: "config", retryInMs: null }));
  assert.deepEqual(topics(), ["event/error", "alarm/config"]);
  fleet.report(sessionOf("started"));
  clock.advance(60_000);
  fleet.speech(spoken);
  clock.advance(60_000);
  assert.ok(!topics().includes("alarm/config"));
  fleet.speech({ result: "fetched" });
  clock.advance(4_000);
  assert.deepEqual(topics(), ["alarm/config"]);
  await fleet.stop("over");
});

test("what heals by itself is an event alone; given up, it is an alarm for as long as nobody asks again", async () => {
  const { clock, fleet, topics } = startLab();
  fleet.speech(given({ retryInMs: 500 }));
  fleet.speech({ result: "fetched" });
  clock.advance(10_000);
  assert.deepEqual(topics(), ["event/error"]);
  fleet.speech(given({ retryInMs: null }));
  clock.advance(10_000);
  assert.deepEqual(topics(), ["event/error", "alarm/service", "alarm/service"]);
  await fleet.stop("over");
});

test("the rows of the diagnosis table: what the service and the player really say", async () => {
  const remark = playerRemarkOf("aplay: main:831: audio open error: No such file or directory");
  assert.ok(remark?.type === "failure");
  const { code, message, hint } = remark.failure;
  const fault = new Fault(code, message, { hint });
  const { class: errorClass, hint: voiceHint } = diagnose("SIS.0411");
  const made = {
    "speaker-missing": { result: "unheard", fault, ...account },
    "voice-unknown": given({ code: "SIS.0411", class: errorClass, hint: voiceHint, retryInMs: null }),
  } as const;
  for (const id of ["speaker-missing", "voice-unknown"] as const) {
    const { clock, fleet, messages } = startLab();
    fleet.speech(made[id]);
    clock.advance(knownFaults[id].withinMs);
    const { alarm, severity, class: rowClass, code: rowCode, hint: rowHint } = knownFaults[id];
    const raised = messages.findLast(({ topic }) => topic.endsWith(`/alarm/${alarm}`));
    assert.ok(raised !== undefined && "severity" in raised.payload);
    const { status, ...told } = raised.payload;
    assert.equal(status, "active");
    assert.deepEqual([told.severity, told.class, told.code, told.hint], [severity, rowClass, rowCode, rowHint]);
    await fleet.stop("over");
  }
});

test("a loudspeaker that is away: the alarm speaker, until something was played", async () => {
  const { clock, fleet, topics } = startLab();
  const fault = new Fault("speaker-missing", "device default is not there", { hint: "plug it in" });
  fleet.speech({ result: "unheard", fault, ...account });
  assert.deepEqual(topics(), ["alarm/speaker"]);
  fleet.speech({ result: "expired" });
  clock.advance(60_000);
  assert.equal(fleet.alarms().length, 1);
  fleet.speech(spoken);
  clock.advance(4_000);
  assert.equal(fleet.alarms().length, 0);
  await fleet.stop("over");
});
