/** Longer words are not worth comparing: no name that we know comes near. */
const longest = 80;

/**
 * The candidate most like `word`, or null where none is alike: no more than a third of its letters (but always one)
 * changed, missing, too many, or swapped with a neighbour. Upper and lower case are the same.
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  if (word.length > longest) return null;
  let best: string | null = null;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const mostChanges = Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3));
    const changes = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (changes <= mostChanges && changes < bestDistance) {
      best = candidate;
      bestDistance = changes;
    }
  }
  return best;
}

/** Damerau–Levenshtein distance, restricted: no part is edited twice (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const differs = from[row - 1] === to[column - 1] ? 0 : 1;
      let changes = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + differs);
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        changes = Math.min(changes, at(beforeLast, column - 2) + 1);
      }
      current.push(changes);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
