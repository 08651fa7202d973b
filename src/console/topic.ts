import type { Subscription } from "../fleet/broker-line.ts";
import { levelProblem, type TopicOwner } from "../fleet/topics.ts";

const up = (name: string) => `sis/v1/+/+/up/${name}`;

/** What the broker keeps the latest of. */
const keptKinds = ["alarm", "state", "info"] as const;
export type KeptKind = (typeof keptKinds)[number];

export function isKept(kind: string | undefined): kind is KeptKind {
  return keptKinds.some((each) => each === kind);
}

const kept = keptKinds.map((kind) => up(kind === "alarm" ? "alarm/+" : kind));

/**
 * What the console subscribes to, step by step, each when what is retained of the one before has come. A broker sends
 * that all at once, and drops without a word what its queue does not hold: mosquitto's holds 1,000 messages of QoS 1, and
 * more of QoS 0. So each kind is asked for by itself at QoS 0, and then everything at QoS 1, for what comes from now on.
 */
export const subscriptions: readonly Subscription[] = [
  ...kept.map((filter) => ({ filters: [filter], qos: 0 }) as const),
  { filters: [...kept, up("event/+"), up("transcript"), up("metrics"), up("command/+/+")], qos: 1 },
];

/** Whose message, and the levels after `up/`. */
export interface UpTopic {
  readonly owner: TopicOwner;
  readonly levels: readonly string[];
}

/** Longer ones are nobody's: five levels of 64 characters, and the fixed ones. */
const longestTopic = 400;

/** Takes a topic apart; null: it is not `sis/v1/{fleet}/{device}/up/…`. */
export function parseTopic(topic: string): UpTopic | null {
  if (topic.length > longestTopic) return null;
  const [root, version, fleet = "", device = "", direction, ...levels] = topic.split("/");
  if (root !== "sis" || version !== "v1" || direction !== "up") return null;
  if (levelProblem(fleet) !== null || levelProblem(device) !== null) return null;
  return levels.length >= 1 && levels.length <= 3 ? { owner: { fleet, device }, levels } : null;
}

/** One text for a device, which no other device has. */
export function keyOf({ fleet, device }: TopicOwner): string {
  return `${fleet}/${device}`;
}

/** Where a device takes a command. */
export function commandTopic({ fleet, device }: TopicOwner, name: string, id: string): string {
  return `sis/v1/${fleet}/${device}/dn/command/${name}/${id}`;
}
