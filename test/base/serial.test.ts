import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { talk } from "../../src/base/serial.ts";

test("a port that the library does not even take is told of as one that cannot be opened", async () => {
  const talking = (path: string, baudRate: number) =>
    talk({ path, baudRate, clock: systemClock, opened() {}, heard() {} }, new AbortController().signal);
  assert.equal((await talking("", 9600))?.code, "serial-failed");
  assert.equal((await talking("/dev/nowhere", Number.NaN))?.code, "serial-unsuitable");
  assert.equal((await talking("/dev/nowhere", 9600))?.code, "serial-missing");
});
