import * as z from "zod";
import { common, eventCommon, label, phrase } from "./schema-parts.ts";

// What a fleet tells a device, and what the device answers.

/** Everything that a device can be told to do. There is no other way to make it do something: never a shell. */
export const commandNames = [
  "mute",
  "unmute",
  "start",
  "stop",
  "say",
  "restart-session",
  "self-test",
  "log-level",
  "report",
] as const;
export type CommandName = (typeof commandNames)[number];

const none = z.strictObject({});

/** What each command takes. */
export const commandArguments = {
  mute: none,
  unmute: none,
  start: none,
  stop: none,
  say: z.strictObject({
    text: z.string().trim().min(1).max(2_000).describe("what to say; it is cut into sentences for the service"),
    priority: z.int().min(0).max(9).default(5).describe("higher goes first; what is being said is not interrupted"),
  }),
  "restart-session": none,
  "self-test": none,
  "log-level": z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]) }),
  report: none,
} as const satisfies Readonly<Record<CommandName, z.ZodType>>;

export type CommandArguments<Name extends CommandName> = z.infer<(typeof commandArguments)[Name]>;

/** RFC 3339, UTC, with or without parts of a second: people write it, too. */
const moment = z.iso.datetime({ error: "not a time in UTC such as 2026-03-01T08:00:00Z" }).max(40);

export const commandPayload = z.object({
  ...common,
  ts: moment.describe("when this was written"),
  args: z.record(z.string().max(64), z.unknown()).describe("of the command; most take none"),
  not_after: moment.describe("later than this it is not executed; at most a day ahead"),
});

export const outcomes = ["accepted", "executing", "succeeded", "failed"] as const;

export const outcomePayload = z.object({
  ...common,
  status: z.enum(outcomes),
  reason: phrase.describe("why it failed; else empty"),
  result: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe("what a command that succeeded has to say, if anything"),
});
export type OutcomePayload = z.infer<typeof outcomePayload>;

export const commandEventPayload = z.object({
  ...eventCommon,
  command: label.describe("its name"),
  id: label,
  status: z.enum(["succeeded", "failed"]),
  reason: phrase,
});
export type CommandEventPayload = z.infer<typeof commandEventPayload>;

const scalar = z.union([z.string().max(1_000), z.number(), z.boolean()]);

/** Settings by their path, such as `sis.vad_tail`. */
const settings = z.record(z.string().max(128), scalar);
export type RemoteSettings = Readonly<z.infer<typeof settings>>;

export const desiredConfigPayload = z.object({
  ...common,
  ts: moment.describe("when this was written"),
  settings: settings.describe(
    "each by its path (sis.vad_tail), over those of the device's own file; empty: only those",
  ),
});

export const configStatuses = ["own", "trying", "applied", "refused", "rolled-back"] as const;

export const configReportPayload = z.object({
  ...common,
  status: z
    .enum(configStatuses)
    .describe(
      "of what was last desired. own: nothing is; refused: it cannot be used, nothing was changed; rolled-back: the device did not get well on it",
    ),
  desired: moment.nullable().describe("the ts of what was last desired"),
  hash: label.describe("of all settings in effect; the same as config_hash in up/info"),
  settings: settings.describe("what is in effect of what the fleet set"),
  errors: z.array(z.object({ key: label.nullable(), message: phrase })).max(50),
});
export type ConfigReportPayload = z.infer<typeof configReportPayload>;
