import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { seededRandom } from "../../src/base/random.ts";
import { type FleetMessage, startFleet } from "../../src/fleet/fleet.ts";
import type { Outcome } from "../../src/synthesis/outcome.ts";
import type { SpeechError } from "../../src/synthesis/report.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { deviceInfo, errorReport, sessionOf } from "./samples.ts";

const silentLogger = { debug() {}, info() {}, warn() {}, error() {} };
const account = { spokenMs: 0, firstSoundMs: null, retries: 0, repeats: 0 };
const spoken: Outcome = { result: "spoken", ...account };

function startLab() {
  const clock = new ManualClock();
  const fleet = startFleet({
    identity: { fleet: "lab", device: "kiosk-17", boot: "boot-1" },
    broker: null,
    info: deviceInfo,
    publishTranscripts: false,
    stateDir: null,
    clock,
    random: seededRandom("speech"),
    logger: silentLogger,
  });
  const messages: FleetMessage[] = [];
  fleet.observe((message) => messages.push(message));
  const topics = () => messages.splice(0).map(({ topic }) => topic.replace("sis/v1/lab/kiosk-17/up/", ""));
  return { clock, fleet, topics };
}

const given = (change: Partial<SpeechError>): SpeechError => ({ ...errorReport, heard: false, ...change });

test("a voice that does not exist: an event and an alarm at once, until a text is spoken; recognition cannot end it", async () => {
  const { clock, fleet, topics } = startLab();
  fleet.speech(given({ code: "SIS.0411", class: "config", retryInMs: null }));
  assert.deepEqual(topics(), ["event/error", "alarm/config"]);
  fleet.report(sessionOf("started"));
  clock.advance(60_000);
  assert.ok(!topics().includes("alarm/config"));
  fleet.speech(spoken);
  clock.advance(4_000);
  assert.deepEqual(topics(), ["alarm/config"]);
  await fleet.stop("over");
});

test("what heals by itself is an event alone; given up, it is an alarm for as long as nobody asks again", async () => {
  const { clock, fleet, topics } = startLab();
  fleet.speech(given({ retryInMs: 500 }));
  fleet.speech(spoken);
  clock.advance(10_000);
  assert.deepEqual(topics(), ["event/error"]);
  fleet.speech(given({ retryInMs: null }));
  clock.advance(10_000);
  assert.deepEqual(topics(), ["event/error", "alarm/service", "alarm/service"]);
  await fleet.stop("over");
});

test("a loudspeaker that is away: the alarm speaker, until something was played", async () => {
  const { clock, fleet, topics } = startLab();
  const fault = new Fault("speaker-missing", "device default is not there", { hint: "plug it in" });
  fleet.speech({ result: "unheard", fault, ...account });
  assert.deepEqual(topics(), ["alarm/speaker"]);
  fleet.speech({ result: "expired" });
  clock.advance(60_000);
  assert.ok(fleet.alarmCounts().cleared === 0);
  fleet.speech(spoken);
  clock.advance(4_000);
  assert.equal(fleet.alarmCounts().cleared, 1);
  await fleet.stop("over");
});
