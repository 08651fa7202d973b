import assert from "node:assert/strict";
import { test } from "node:test";
import { serviceClock } from "../../src/host/service-clock.ts";
import { ManualClock } from "../lab/manual-clock.ts";

test("a clock that is set right is seen to be right, without asking again", () => {
  const clock = new ManualClock();
  const service = serviceClock(clock);
  assert.equal(service.aheadMs(), null);
  service.heard(clock.wallMs() + 600_000);
  assert.equal(service.aheadMs(), -600_000);
  clock.advance(50_000);
  assert.equal(service.aheadMs(), -600_000);
  clock.stepWall(600_000);
  assert.equal(service.aheadMs(), 0);
  clock.stepWall(-60_000);
  assert.equal(service.aheadMs(), -60_000);
});

test("after a sleep, in which the monotonic clock stands still, nothing is known until the service is heard again", () => {
  const clock = new ManualClock();
  const service = serviceClock(clock);
  service.heard(clock.wallMs());
  clock.stepWall(3_600_000);
  clock.advance(10_000);
  assert.equal(service.aheadMs(), null);
  service.heard(clock.wallMs() - 60_000);
  assert.equal(service.aheadMs(), 60_000);
});
