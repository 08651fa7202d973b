import { levelProblem, type TopicOwner } from "../fleet/topics.ts";

/** Everything that devices say. */
export const everything = "sis/v1/+/+/up/#";

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
