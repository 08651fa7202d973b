// Which kinds of topics the broker does not take of this device. Pure.

/** By kind: when it was last refused, monotonic. */
export type RefusedKinds = ReadonlyMap<string, number>;

export const noneRefused: RefusedKinds = new Map();

/** A kind that comes rarely would keep the alarm for months after its access list was mended. */
const forgottenAfterMs = 3_600_000;

/** `…/up/event/error` → `…/up/event`: what access lists are made of, and few. */
export function kindOf(topic: string): string {
  return topic.split("/").slice(0, 6).join("/");
}

export function withRefused(kinds: RefusedKinds, topic: string, nowMs: number): RefusedKinds {
  return new Map([...kinds, [kindOf(topic), nowMs]]);
}

/** The broker took a message: its kind is not refused any more, nor is what has not been refused again for an hour. */
export function withTaken(kinds: RefusedKinds, topic: string, nowMs: number): RefusedKinds {
  if (kinds.size === 0) return kinds;
  const taken = kindOf(topic);
  return new Map([...kinds].filter(([kind, atMs]) => kind !== taken && nowMs - atMs < forgottenAfterMs));
}
