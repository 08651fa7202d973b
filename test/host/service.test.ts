import assert from "node:assert/strict";
import { test } from "node:test";
import { startService } from "../../src/host/service.ts";
import type { News, ServiceManager } from "../../src/host/service-manager.ts";
import { ManualClock } from "../lab/manual-clock.ts";

/** A manager that remembers, a clock moved by hand. */
function lab(watchdogMs: number | null = 30_000) {
  const clock = new ManualClock();
  const told: News[] = [];
  const errors: string[] = [];
  const manager: ServiceManager = {
    watchdogMs,
    tell(news) {
      told.push({ ...news });
      return Promise.resolve();
    },
  };
  const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => void errors.push(message) };
  let backlogMs = 0;
  const service = startService({ manager, clock, logger, backlogMs: () => backlogMs });
  return {
    clock,
    service,
    errors,
    wait: (ms: number) => void (backlogMs = ms),
    /** What was told since the last call. */
    news: () => told.splice(0),
  };
}

test("READY is told once sound and a session are there, together with what happened at the same time", () => {
  const { clock, service, news } = lab();
  assert.deepEqual(news(), [{ WATCHDOG: "1", STATUS: "starting" }]);
  service.capture({ type: "sound" });
  service.phase("streaming", "the service recognises");
  clock.advance(250);
  assert.deepEqual(news(), [{ STATUS: "streaming" }]);
  service.sessionStands();
  clock.advance(250);
  assert.deepEqual(news(), [{ READY: "1" }]);
  service.capture({ type: "sound" });
  service.sessionStands();
  clock.advance(5000);
  assert.deepEqual(news(), [], "once");
});

test("an unreachable service: READY with a status that explains, the backlog kept up to date, the watchdog fed for ever", () => {
  const { clock, service, news, wait, errors } = lab();
  news();
  service.capture({ type: "sound" });
  service.phase("backing-off", "the service cannot be reached");
  service.sessionStands();
  service.alarm("network", "major");
  clock.advance(250);
  const status = "backing-off: the service cannot be reached; alarm: network (major)";
  assert.deepEqual(news(), [{ READY: "1", STATUS: status }]);
  for (let hour = 0; hour < 24; hour += 1) {
    wait(3_600_000 * hour + 10_000);
    for (let minute = 0; minute < 60; minute += 1) {
      service.capture({ type: "sound" });
      clock.advance(60_000);
    }
    const told = news();
    assert.equal(told.filter((each) => each["WATCHDOG"] === "1").length, 360, "every 10 s");
    assert.equal(told.filter((each) => "STATUS" in each).length, 1, "only what has changed");
  }
  assert.deepEqual(errors, []);
});

test("a recorder that cannot be mended starves the watchdog, with one word in the log; sound feeds it again", () => {
  const { clock, service, news, errors } = lab();
  service.capture({ type: "sound" });
  service.sessionStands();
  clock.advance(599_000);
  assert.ok(news().some((each) => "READY" in each));
  service.capture({ type: "fault", code: "recorder-stalled" });
  clock.advance(60_000);
  assert.deepEqual(
    news().filter((each) => "WATCHDOG" in each),
    [],
  );
  assert.equal(errors.length, 1);
  service.capture({ type: "sound" });
  clock.advance(10_000);
  assert.deepEqual(news(), [{ WATCHDOG: "1" }], "no second READY");
});

test("where no watchdog waits none is fed, and the status stays fresh", () => {
  const { clock, service, news, wait } = lab(null);
  service.phase("streaming", "");
  clock.advance(250);
  assert.deepEqual(news(), [{ STATUS: "starting" }, { STATUS: "streaming" }]);
  wait(30_000);
  clock.advance(20_000);
  assert.deepEqual(news(), [{ STATUS: "streaming; 30 s of sound wait" }]);
});

test("a reload is told from its beginning to its end, also where it fails; the stop is told at once", async () => {
  const { clock, service, news } = lab();
  service.capture({ type: "sound" });
  service.sessionStands();
  clock.advance(250);
  news();
  await service.whileReloading(async () => assert.deepEqual(news(), [{ RELOADING: "1" }]));
  assert.deepEqual(news(), [{ READY: "1" }]);
  await assert.rejects(service.whileReloading(() => Promise.reject(new Error("no"))));
  assert.deepEqual(news(), [{ RELOADING: "1" }, { READY: "1" }]);
  service.stopping();
  assert.deepEqual(news(), [{ STOPPING: "1", STATUS: "stopping" }]);
  service.phase("offline", "signal SIGTERM");
  clock.advance(60_000);
  assert.deepEqual(news(), []);
});

test("a reload before the start is over is no start", async () => {
  const { service, news } = lab();
  news();
  await service.whileReloading(async () => {});
  assert.deepEqual(news(), [{ RELOADING: "1" }]);
});

test("disposal leaves no timer", () => {
  const { clock, service } = lab();
  service.phase("streaming", "");
  service[Symbol.dispose]();
  assert.equal(clock.pending, 0);
});
