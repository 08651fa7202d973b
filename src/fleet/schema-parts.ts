import * as z from "zod";

// What payloads are made of.

/** RFC 3339, UTC, with milliseconds. */
export const timestamp = z.iso.datetime({ precision: 3 });
export const label = z.string().min(1).max(128);
export const phrase = z.string().max(300);
export const code = z.string().max(64);
export const traceId = z.string().max(200).nullable();
export const count = z.int().min(0);

export const common = {
  v: z.literal(1).describe("version of the payload"),
  ts: timestamp.describe("when the device wrote this"),
};

export const eventCommon = {
  ...common,
  seq: count.describe("runs through all events of a boot; a hole is a lost event"),
  boot: label,
  replayed: z.boolean().describe("delivered late: the broker was away when it happened, or did not acknowledge it"),
};
