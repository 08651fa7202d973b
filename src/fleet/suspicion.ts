// Some brokers answer a message that they do not take by ending the connection: sent again at the next one, it would end
// that as well, and so on for ever. So a message that was in flight when connections ended is sent alone, then set aside
// until all else is delivered, and tried ever more rarely. It is given up only where nothing but the message explains
// what happened, many times over hours: connections also end by chance, and then nothing may be lost. Pure.

/** What the ends of connections say against a message. */
export type Suspicion =
  /** It has its place in line. So many connections ended while it was in flight. */
  | { readonly is: "in-line"; readonly ends: number }
  /** It goes when nothing else waits, from this time on (monotonic). `hangUps`: tries that ended as blame `plain`. */
  | { readonly is: "aside"; readonly tries: number; readonly hangUps: number; readonly dueAtMs: number };

/** How much of a connection's end is to be blamed on what was in flight. */
export type Blame =
  /** Nothing was, and it had held for a while; or the end had another cause, by the broker's word or by ours. */
  | "none"
  /** Nothing was, and it had not held, or did not come about: the way is bad by itself. */
  | "bad-way"
  /** Several messages were: any of them, or chance. */
  | "shared"
  /** One was, but no other had got through either. */
  | "unproven"
  /** One was, and others had got through before. */
  | "likely"
  /** The same, and all signs say that the broker hung up on it. */
  | "plain";

export const unsuspected: Suspicion = { is: "in-line", ends: 0 };

/** Chance ends connections, too: this often it may. */
const endsOfChance = 2;
/** Its companions have been set aside: it has only to be tried alone. */
export const suspectedFromTheStart: Suspicion = { is: "in-line", ends: endsOfChance };

/** Long enough for the next connection to prove stable before the next try. */
const firstWaitMs = 120_000;
const longestWaitMs = 3_600_000;
/** Eight tries take three hours at least. */
const hangUpsOfGuilt = 8;

/** Whether nothing else may be in flight beside it. */
export function goesAlone(suspicion: Suspicion): boolean {
  return suspicion.is === "aside" || suspicion.ends >= endsOfChance;
}

export function isGuilty(suspicion: Suspicion): boolean {
  return suspicion.is === "aside" && suspicion.hangUps >= hangUpsOfGuilt;
}

/** Of a message that was in flight when a connection ended. */
export function suspicionOfSent(before: Suspicion, blame: Blame, nowMs: number): Suspicion {
  if (blame === "none" || blame === "bad-way") return before;
  if (before.is === "in-line") {
    if (blame === "shared" || !goesAlone(before)) return { is: "in-line", ends: before.ends + 1 };
    return asideAfter({ is: "aside", tries: 0, hangUps: 0, dueAtMs: nowMs }, blame, nowMs);
  }
  return blame === "shared" ? before : asideAfter(before, blame, nowMs);
}

/** Of a message that was not. */
export function suspicionOfOthers(before: Suspicion, blame: Blame, nowMs: number): Suspicion {
  if (before.is === "in-line") return before;
  // Its own ends may have been of the same kind.
  if (blame === "bad-way") return { ...before, hangUps: 0 };
  // One at a time: the next connection must be able to prove stable.
  if (blame !== "likely" && blame !== "plain") return before;
  return { ...before, dueAtMs: Math.max(before.dueAtMs, nowMs + firstWaitMs) };
}

function asideAfter(
  before: Suspicion & { readonly is: "aside" },
  blame: "unproven" | "likely" | "plain",
  nowMs: number,
): Suspicion {
  // The others have their turn first, no more.
  if (blame === "unproven") return { ...before, dueAtMs: nowMs };
  const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** before.tries);
  const hangUps = before.hangUps + (blame === "plain" ? 1 : 0);
  return { is: "aside", tries: before.tries + 1, hangUps, dueAtMs: nowMs + waitMs };
}
