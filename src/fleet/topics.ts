import { Fault } from "../base/fault.ts";
import type { AlarmType, EventType } from "./schema.ts";

/** Whose topics: the levels of `sis/v1/{fleet}/{device}/…` that are a user's choice. */
export interface TopicOwner {
  readonly fleet: string;
  /** Also the MQTT client id. */
  readonly device: string;
}

/** What a device sends, below `up/`. */
export type UpTopic =
  | "state"
  | "info"
  | "config"
  | "metrics"
  | "transcript"
  | `alarm/${AlarmType}`
  | `event/${EventType}`
  | `command/${string}/${string}`;

/** Longest fleet or device name, in UTF-16 units. Far below MQTT's 65,535 bytes for a topic. */
const longestLevel = 64;

/** The topic of one kind of message: version first, fixed depth, direction split, so that an ACL is two lines. */
export function upTopic(owner: TopicOwner, name: UpTopic): string {
  return `sis/v1/${owner.fleet}/${owner.device}/up/${name}`;
}

/** What a device listens to. */
export function downTopics(owner: TopicOwner): readonly string[] {
  return [`${down(owner)}command/+/+`, `${down(owner)}config`];
}

/** The levels of a topic below `dn/`; null: it is not one of this device's. */
export function downLevels(owner: TopicOwner, topic: string): readonly string[] | null {
  return topic.startsWith(down(owner)) ? topic.slice(down(owner).length).split("/") : null;
}

function down(owner: TopicOwner): string {
  return `sis/v1/${owner.fleet}/${owner.device}/dn/`;
}

/**
 * Why `text` cannot be one level of a topic (MQTT 5, 1.5.4 and 4.7: no separators, wildcards or control characters,
 * valid Unicode, not empty); null: it can.
 */
export function levelProblem(text: string): string | null {
  if (text === "") return "is empty";
  if (text.length > longestLevel) return `is longer than ${longestLevel} characters`;
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) return "has a control character";
  if (/[/+#]/.test(text)) return "has one of / + # in it";
  if (text.startsWith("$")) return "begins with $";
  // The console's page for it could not be asked for: in an address they stand for a folder (WHATWG URL, 4.1).
  if (text === "." || text === "..") return "stands for a folder in an address";
  if (!text.isWellFormed()) return "is not valid Unicode";
  return null;
}

/** Throws Fault `config-invalid` when the fleet's or the device's name cannot be part of a topic. */
export function assertOwner(owner: TopicOwner): void {
  for (const [setting, text] of [
    ["fleet", owner.fleet],
    ["device_id", owner.device],
  ] as const) {
    const problem = levelProblem(text);
    if (problem !== null)
      throw new Fault("config-invalid", `${setting} cannot be part of an MQTT topic: it ${problem}`);
  }
}
