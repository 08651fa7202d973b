import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { isHot, parseThrottled, readBoard } from "../../src/host/board.ts";

/** A sysfs of a few files. */
function sysfs(files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "sysfs-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

const firmware = "devices/platform/soc/soc:firmware/get_throttled";

test("a Raspberry Pi tells the hottest of its sensors, and what its firmware knows of its power", async () => {
  using sys = sysfs({
    "class/thermal/thermal_zone0/temp": "61322\n",
    "class/thermal/thermal_zone1/temp": "70100\n",
    "class/thermal/cooling_device0/temp": "99000\n",
    [firmware]: "50005\n",
  });
  assert.deepEqual(await readBoard(sys.root), { temperatureC: 70.1, slowed: true, underVoltage: true });
});

test("what was so once, since the start, is over: only what is so now counts", async () => {
  using sys = sysfs({ [firmware]: "0x50000" });
  assert.deepEqual(await readBoard(sys.root), { temperatureC: null, slowed: false, underVoltage: false });
});

test("without the firmware's word, the voltage sensor's", async () => {
  for (const [alarm, expected] of [
    ["1\n", true],
    ["0\n", false],
    ["?", null],
  ] as const) {
    using sys = sysfs({
      "class/hwmon/hwmon0/name": "cpu_thermal\n",
      "class/hwmon/hwmon1/name": "rpi_volt\n",
      "class/hwmon/hwmon1/in0_lcrit_alarm": alarm,
    });
    assert.equal((await readBoard(sys.root)).underVoltage, expected);
  }
});

test("a board that tells nothing, or nonsense, is nothing", async () => {
  using empty = sysfs({});
  const unknown = { temperatureC: null, slowed: null, underVoltage: null };
  assert.deepEqual(await readBoard(empty.root), unknown);
  using odd = sysfs({
    "class/thermal/thermal_zone0/temp": "",
    "class/thermal/thermal_zone1/temp": "-274000",
    "class/thermal/thermal_zone2/temp": "hot",
    [firmware]: "no idea",
  });
  assert.deepEqual(await readBoard(odd.root), unknown);
});

test("the firmware's bits, however they are spelt", () => {
  assert.deepEqual(
    ["throttled=0x5", "0x5", "5\n", "", "xyz", null].map((text) => parseThrottled(text)),
    [5, 5, 5, null, null, null],
  );
});

test("hot from 80 °C on, and until it is below 75; or when the firmware says that it slows down", () => {
  const at = (before: boolean, temperatureC: number | null, slowed: boolean | null = null) =>
    isHot(before, { temperatureC, slowed });
  assert.deepEqual([at(false, 79.9), at(false, 80), at(true, 75), at(true, 74.9)], [false, true, true, false]);
  assert.deepEqual([at(false, null), at(true, null), at(false, 20, true)], [false, false, true]);
});
