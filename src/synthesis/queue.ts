/** A text that waits for its turn. */
export interface Entry<T> {
  /** Higher goes first; among equals, who came first. */
  readonly priority: number;
  /** Monotonic ms; null: it can wait for ever. */
  readonly expiresAtMs: number | null;
  readonly item: T;
}

/** In the order in which they will be spoken. */
export type Queue<T> = readonly Entry<T>[];

/** More do not wait: somebody would have to listen to them all. */
const mostWaiting = 32;

/** Puts an entry in its place. Where there are too many, the last of all has to go: perhaps the new one itself. */
export function enqueue<T>(
  queue: Queue<T>,
  entry: Entry<T>,
): { readonly queue: Queue<T>; readonly displaced: Entry<T> | null } {
  const at = queue.findIndex(({ priority }) => priority < entry.priority);
  const all = queue.toSpliced(at === -1 ? queue.length : at, 0, entry);
  const displaced = all.length > mostWaiting ? (all.at(-1) ?? null) : null;
  return { queue: displaced === null ? all : all.slice(0, -1), displaced };
}

/** Takes out what is too late. */
export function expire<T>(queue: Queue<T>, nowMs: number): { readonly queue: Queue<T>; readonly expired: Queue<T> } {
  const isLate = ({ expiresAtMs }: Entry<T>) => expiresAtMs !== null && nowMs >= expiresAtMs;
  return { queue: queue.filter((entry) => !isLate(entry)), expired: queue.filter(isLate) };
}

/** When the next entry will be too late, monotonic ms; null: none will. */
export function nextExpiryMs<T>(queue: Queue<T>): number | null {
  const times = queue.flatMap(({ expiresAtMs }) => (expiresAtMs === null ? [] : [expiresAtMs]));
  return times.length === 0 ? null : Math.min(...times);
}
