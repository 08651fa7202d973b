import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import type { LogFields, Logger } from "../../src/base/logger.ts";
import { seededRandom } from "../../src/base/random.ts";
import { alarmPolicy } from "../../src/fleet/alarm-machine.ts";
import { type FleetMessage, type FleetOptions, startFleet } from "../../src/fleet/fleet.ts";
import type { AlarmType } from "../../src/fleet/schema.ts";
import type { Origin } from "../../src/fleet/symptom.ts";
import type { Report } from "../../src/recognition/report.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { eventually } from "../system/lab/processes.ts";
import { deviceInfo, errorOf, gapReport, idle, sessionOf, symptomOf, transcript } from "./samples.ts";

/** A fleet without a broker, on a clock moved by hand. */
function startLab(change: Partial<FleetOptions> = {}) {
  const clock = new ManualClock();
  const log: { message: string; fields: LogFields | undefined }[] = [];
  const note: Logger["info"] = (message, fields) => void log.push({ message, fields });
  const fleet = startFleet({
    identity: { fleet: "lab", device: "kiosk-17", boot: "boot-1" },
    broker: null,
    info: deviceInfo,
    configHash: () => "d34db33f",
    homeAssistant: false,
    executors: {},
    ...idle,
    publishTranscripts: false,
    stateDir: null,
    clock,
    random: seededRandom("fleet test"),
    logger: { debug: note, info: note, warn: note, error: note },
    ...change,
  });
  const messages: FleetMessage[] = [];
  const observing = fleet.follow((message) => messages.push(message));
  const topics = () => messages.map(({ topic }) => topic.replace("sis/v1/lab/kiosk-17/up/", ""));
  return { clock, fleet, log, messages, observing, topics };
}

const outage = errorOf({ retryInMs: 1_000 });

test("without a broker, alarms are decided all the same, and logged with their hint", async () => {
  const { clock, fleet, log, topics } = startLab();
  fleet.report(outage);
  assert.deepEqual(topics(), ["event/error"]);
  clock.advance(2_000);
  assert.deepEqual(topics(), ["event/error", "alarm/service"]);
  fleet.report(sessionOf("started"));
  clock.advance(4_000);
  assert.deepEqual(topics(), ["event/error", "alarm/service", "event/session", "alarm/service"]);
  assert.deepEqual(
    log.map(({ message }) => message),
    ["alarm raised", "alarm cleared"],
  );
  assert.equal(log[0]?.fields?.["hint"], "Wait; it mends itself.");
  await fleet.stop("test over");
});

test("events of a boot are numbered without a hole, by the time they happened", async () => {
  const { clock, fleet, messages } = startLab();
  for (const report of [outage, sessionOf("ended"), gapReport]) {
    fleet.report(report);
    clock.advance(10);
  }
  const events = messages.filter(({ topic }) => topic.includes("/event/")).map(({ payload }) => payload);
  assert.deepEqual(
    events.map((payload) => "seq" in payload && payload.seq),
    [1, 2, 3],
  );
  assert.deepEqual(
    events.map((payload) => "ts" in payload && payload.ts.slice(-5)),
    [".000Z", ".010Z", ".020Z"],
  );
  await fleet.stop("test over");
});

test("the state is told when it changes, and again every half hour or so, so that it does not expire", async () => {
  const { clock, fleet, messages } = startLab();
  const listening: Report = { type: "phase", phase: "listening", reason: "connected", retryInMs: null };
  fleet.report(listening);
  fleet.report(listening);
  assert.equal(messages.length, 1);
  const toldMs: number[] = [];
  fleet.observe(({ topic }) => {
    if (topic.endsWith("/up/state")) toldMs.push(clock.monotonicMs());
  });
  clock.advance(7_200_000);
  assert.ok(toldMs.length === 3 || toldMs.length === 4, toldMs.join());
  const pauses = toldMs.map((ms, index) => ms - (toldMs[index - 1] ?? 0));
  for (const pause of pauses) assert.ok(pause >= 1_620_000 && pause <= 1_980_000, `${pause}`);
  assert.ok(new Set(pauses).size > 1, "with jitter");
  await fleet.stop("test over");
});

test("capture's events reach state and alarms", async () => {
  const { clock, fleet, topics } = startLab();
  const fault = new Fault("device-lost", "the microphone is gone");
  fleet.capture({ type: "opened", description: "mic" });
  fleet.capture({ type: "interrupted", fault, attempt: 1, retryInMs: 500 });
  clock.advance(2_000);
  fleet.capture({ type: "audio", samples: new Int16Array(1) });
  clock.advance(4_000);
  assert.deepEqual(topics(), ["state", "alarm/capture", "state", "alarm/capture"]);
  await fleet.stop("test over");
});

test("what was said is published only where the user asked for it, and never logged", async () => {
  for (const publishTranscripts of [false, true]) {
    const { fleet, log, topics } = startLab({ publishTranscripts });
    fleet.report({ type: "transcript", transcript });
    fleet.report({ type: "transcript", transcript: { ...transcript, final: false } });
    assert.deepEqual(topics(), publishTranscripts ? ["transcript"] : [], "interim ones only while there is a broker");
    await fleet.stop("test over");
    assert.ok(!JSON.stringify(log).includes(transcript.text));
  }
});

test("stopped: offline with its reason, no timer left, later reports ignored, stopping again is harmless", async () => {
  const { clock, fleet, messages } = startLab();
  fleet.report(outage);
  await Promise.all([fleet.stop("stopped by SIGTERM"), fleet.stop("again")]);
  const { payload } = messages.at(-1) ?? assert.fail();
  assert.ok("phase" in payload);
  assert.deepEqual([payload.online, payload.phase, payload.reason], [false, "offline", "stopped by SIGTERM"]);
  assert.equal(clock.pending, 0);
  const before = messages.length;
  fleet.report(outage);
  fleet.capture({ type: "overrun", lostMs: 1 });
  assert.deepEqual([messages.length, clock.pending], [before, 0]);
});

test("who observes no more hears no more", async () => {
  const { fleet, messages, observing } = startLab();
  observing[Symbol.dispose]();
  fleet.report(outage);
  assert.equal(messages.length, 0);
  await fleet.stop("test over");
});

test("alarms about a broker, from before the settings did without one, are over", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fleet-"));
  try {
    const kept = (type: AlarmType, origin: Origin) => ({
      type,
      id: `boot-0-${type}`,
      status: "active",
      severity: "critical",
      symptom: { ...symptomOf({ alarm: type, origin }), debounceMs: 0 },
      firstMs: 1,
      lastMs: 1,
      count: 1,
      flapping: false,
    });
    const alarms = [kept("identity", "broker"), kept("credentials", "topics"), kept("account", "subscriptions")];
    writeFileSync(join(folder, "alarms.json"), JSON.stringify({ v: 1, alarms: [...alarms, kept("config", "speech")] }));
    const { clock, fleet } = startLab({ stateDir: folder });
    assert.equal(fleet.alarms().length, 4);
    clock.advance(alarmPolicy.identity.clearAfterMs);
    assert.deepEqual(
      fleet.alarms().map(({ type }) => type),
      ["config"],
    );
    await fleet.stop("test over");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an alarm survives a restart, is cleared by the next start, and forgotten then", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fleet-"));
  try {
    const stateDir = join(folder, "state");
    const alarmFile = join(stateDir, "alarms.json");
    const first = startLab({ stateDir });
    first.fleet.report(outage);
    first.clock.advance(2_000);
    await first.fleet.stop("restart");
    const raised = first.messages.find(({ topic }) => topic.includes("/alarm/"))?.payload;
    assert.ok(raised !== undefined && "id" in raised);

    const second = startLab({ stateDir, identity: { fleet: "lab", device: "kiosk-17", boot: "boot-2" } });
    assert.deepEqual(second.topics(), ["alarm/service"], "whoever looks on is told first of what stands");
    const standing = second.messages[0]?.payload;
    assert.ok(standing !== undefined && "severity" in standing);
    assert.deepEqual([standing.id, standing.status], [raised.id, "active"]);
    second.fleet.report(sessionOf("started"));
    second.clock.advance(4_000);
    const cleared = second.messages.at(-1)?.payload;
    assert.ok(cleared !== undefined && "severity" in cleared);
    assert.deepEqual([cleared.id, cleared.status, cleared.count], [raised.id, "cleared", 1]);
    await second.fleet.stop("restart");
    assert.deepEqual(JSON.parse(readFileSync(alarmFile, "utf8")), { v: 1, alarms: [] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an alarm about the sound itself is cleared after a restart, once sound has flowed without a word against it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sis-agent-fleet-"));
  const first = startLab({ stateDir: folder });
  first.fleet.notice({ type: "sound", health: "dead" });
  await first.fleet.stop("restart");
  const { clock, fleet } = startLab({ stateDir: folder });
  const flow = (seconds: number) => {
    for (let n = 0; n < seconds; n += 1) {
      clock.advance(1_000);
      fleet.capture({ type: "audio", samples: new Int16Array(1) });
    }
  };
  flow(10);
  fleet.capture({ type: "muted", muted: true, by: "mute" });
  flow(11);
  assert.equal(fleet.alarms().length, 1, "it may still be dead");
  flow(8);
  assert.deepEqual(fleet.alarms(), []);
  await fleet.stop("test over");
  rmSync(folder, { recursive: true });
});

test("every alarm survives a restart: of any side, with words of any length, beside an entry that cannot be used", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fleet-"));
  try {
    const stateDir = folder;
    const alarmFile = join(folder, "alarms.json");
    const first = startLab({ stateDir });
    first.fleet.notice({ type: "sound", health: "dead" });
    first.fleet.report(errorOf({ class: "account", message: "m".repeat(5_000) }));
    await first.fleet.stop("restart");
    const kept = JSON.parse(readFileSync(alarmFile, "utf8")) as { v: number; alarms: unknown[] };
    writeFileSync(alarmFile, JSON.stringify({ ...kept, alarms: [{ type: "disk" }, ...kept.alarms] }));

    const second = startLab({ stateDir });
    assert.equal(second.log.filter(({ message }) => message.includes("cannot be read")).length, 1);
    second.fleet.notice({ type: "sound", health: "good" });
    second.fleet.report(sessionOf("started"));
    second.clock.advance(4_000);
    const cleared = second.log
      .filter(({ message }) => message === "alarm cleared")
      .map(({ fields }) => fields?.["type"]);
    assert.deepEqual(new Set(cleared), new Set(["account", "capture"]));
    await second.fleet.stop("test over");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an alarm file that is damaged, or cannot be written, is logged and does no harm", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fleet-"));
  try {
    const stateDir = folder;
    const alarmFile = join(folder, "alarms.json");
    for (const content of ["", "{", "[]", '{"v":1,"alarms":[{"type":"service"}]}']) {
      writeFileSync(alarmFile, content);
      const { fleet, log } = startLab({ stateDir });
      assert.match(log[0]?.message ?? "", /cannot be read/);
      await fleet.stop("test over");
    }
    const unwritable = startLab({ stateDir: join(alarmFile, "below a file") });
    unwritable.fleet.report(errorOf({ class: "account" }));
    const raised = () =>
      unwritable.log.filter(({ message }) => message === "alarm raised").map(({ fields }) => fields?.["type"]);
    await eventually(() => {
      unwritable.clock.advance(1_000);
      return raised().length === 2;
    }, "the disk's alarm");
    assert.deepEqual(raised(), ["account", "disk"]);
    await unwritable.fleet.stop("test over");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
