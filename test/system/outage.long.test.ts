import assert from "node:assert/strict";
import { test } from "node:test";
import { surviveOutage } from "./lab/outage.ts";

const mebibyte = 1024 * 1024;

test("10 minutes without the service, 2 minutes of memory: live again in backlog / (catch-up rate - 1), within 20 %", {
  timeout: 600_000,
}, async (t) => {
  const { liveAgainMs, backlogMs } = await surviveOutage({ speed: 6, memorySeconds: 120, outageMs: 600_000 });
  t.diagnostic(`backlog ${Math.round(backlogMs / 1000)} s, live again after ${Math.round(liveAgainMs / 1000)} s`);
  const expectedMs = backlogMs / 2;
  assert.ok(liveAgainMs > 0.8 * expectedMs && liveAgainMs < 1.2 * expectedMs, `${liveAgainMs} of ${expectedMs} ms`);
});

test("an hour without the service: the process does not grow by more than its memory of sound", {
  timeout: 600_000,
}, async (t) => {
  const memorySeconds = 120;
  const { grownBytes } = await surviveOutage({ speed: 40, memorySeconds, outageMs: 3_600_000 });
  t.diagnostic(`grown by ${(grownBytes / mebibyte).toFixed(1)} MiB`);
  assert.ok(grownBytes < memorySeconds * 32_000, `${grownBytes} bytes`);
});
