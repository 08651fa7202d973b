/** The list as it is in this turn: each is the first in its own. */
export function inTurn<T>(list: readonly T[], turn: number): T[] {
  const first = turn % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}
