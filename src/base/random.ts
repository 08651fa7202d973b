import { createHash } from "node:crypto";

/** Gives a number in [0, 1), each call another. */
export type Random = () => number;

/**
 * A reproducible random sequence (mulberry32) from a text such as the device id and the boot id: devices that
 * fail in the same second must not come back in the same second. Not for secrets.
 */
export function seededRandom(seed: string): Random {
  let state = createHash("sha256").update(seed).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
