import assert from "node:assert/strict";
import { test } from "node:test";
import { surviveOutage } from "./lab/outage.ts";

test("an outage far longer than memory: nothing is lost, and it is live again as soon as the catch-up rate allows", {
  timeout: 300_000,
}, async (t) => {
  // Played ten times as fast, a quarter of the memory is what the disk has time for: three quarters of a second.
  const { liveAgainMs, backlogMs } = await surviveOutage({ speed: 10, memorySeconds: 30, outageMs: 90_000 });
  t.diagnostic(`backlog ${Math.round(backlogMs / 1000)} s, live again after ${Math.round(liveAgainMs / 1000)} s`);
  const expectedMs = backlogMs / 2;
  assert.ok(liveAgainMs > 0.6 * expectedMs && liveAgainMs < 1.4 * expectedMs, `${liveAgainMs} of ${expectedMs} ms`);
});
