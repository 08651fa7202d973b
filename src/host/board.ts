import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

// What a board tells about itself, where it does: Linux's thermal zones, and on a Raspberry Pi whether its power supply
// is strong enough (its firmware's word, or the rpi_volt sensor of newer kernels).

/** null: this board does not tell. */
export interface BoardReading {
  /** The hottest of its sensors, °C. */
  readonly temperatureC: number | null;
  /** It runs slower than it could, because it is hot. */
  readonly slowed: boolean | null;
  /** Its supply voltage is below what it needs (4.63 V on a Raspberry Pi). */
  readonly underVoltage: boolean | null;
}

/** From here on a board is too hot, until it is well below, °C: a Raspberry Pi slows down at 80. */
const hotFromC = 80;
const hotUntilC = 75;

/** Whether a board is too hot. `before`: whether it was. */
export function isHot(
  before: boolean,
  { temperatureC, slowed }: Pick<BoardReading, "temperatureC" | "slowed">,
): boolean {
  if (slowed === true) return true;
  return temperatureC !== null && temperatureC >= (before ? hotUntilC : hotFromC);
}

/** Bits of the Raspberry Pi's firmware: what is so at this moment. */
const underVoltageNow = 0x1;
const throttledNow = 0x4;
const softLimitNow = 0x8;

/**
 * Reads the sensors. Never rejects: what cannot be read is null.
 * @param sys where sysfs is mounted
 */
export async function readBoard(sys = "/sys"): Promise<BoardReading> {
  const [temperatureC, firmware, sensor] = await Promise.all([
    hottest(join(sys, "class/thermal")),
    read(join(sys, "devices/platform/soc/soc:firmware/get_throttled")).then(parseThrottled),
    voltageSensor(join(sys, "class/hwmon")),
  ]);
  return {
    temperatureC,
    slowed: firmware === null ? null : (firmware & (throttledNow | softLimitNow)) !== 0,
    underVoltage: firmware === null ? sensor : (firmware & underVoltageNow) !== 0,
  };
}

/** The firmware's bits: hexadecimal, with or without `0x` or `throttled=`; null: not that. */
export function parseThrottled(text: string | null): number | null {
  const digits = /^(?:throttled=)?(?:0x)?([0-9a-f]{1,8})\s*$/i.exec(text ?? "")?.[1];
  return digits === undefined ? null : Number.parseInt(digits, 16);
}

async function hottest(folder: string): Promise<number | null> {
  const zones = (await names(folder)).filter((name) => name.startsWith("thermal_zone"));
  const texts = await Promise.all(zones.map((zone) => read(join(folder, zone, "temp"))));
  const degrees = texts.flatMap((text) => {
    const milli = text === null || text.trim() === "" ? Number.NaN : Number(text);
    // Sensors without a value say absurd things.
    return milli > -100_000 && milli < 200_000 ? [milli / 1000] : [];
  });
  return degrees.length === 0 ? null : Math.max(...degrees);
}

async function voltageSensor(folder: string): Promise<boolean | null> {
  for (const name of await names(folder)) {
    if ((await read(join(folder, name, "name")))?.trim() !== "rpi_volt") continue;
    const alarm = (await read(join(folder, name, "in0_lcrit_alarm")))?.trim();
    return alarm === "1" ? true : alarm === "0" ? false : null;
  }
  return null;
}

function names(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

function read(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}
