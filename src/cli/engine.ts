import { setFlagsFromString } from "node:v8";
import { createContext, runInContext } from "node:vm";
import type { Clock } from "../base/clock.ts";

// V8's own measures are for programs that do much in a short time. The agent does little, ten times a second, for months.
// What that costs with them and without: docs/decisions/0066-an-engine-for-months.md.

/** The versions of V8 that this was tried with: what steers it is no promise of Node's, and has other names in others. */
const triedWith = "13.6.";

/** How often, at the most, the memory reducer goes through all memory after it was gone through. */
const reducing = (times: number) => `--memory-reducer-gc-count=${times}`;

const forLongRuns = [
  // Where new objects are made stays at 1 MB; at a start it would grow, and never become smaller.
  "--semi-space-growth-factor=1",
  // For so little memory, help from other threads costs more than it gives.
  "--no-parallel-scavenge",
  // Each compiler at work has memory of its own: 4 and 2 at once by themselves.
  "--concurrent-turbofan-max-threads=1",
  "--concurrent-maglev-max-threads=1",
  // Code that runs ten times a second finds the processor's caches cold each time: fewer and longer pieces of it are
  // found sooner.
  "--max-inlined-bytecode-size=700",
  "--max-inlined-bytecode-size-cumulative=1500",
  // After a start that finds nothing, and throws away what the compilers have made.
  reducing(0),
];

/**
 * From one collection of all memory to the next. By itself V8 waits until 8 MB have been added, for which the agent
 * needs an hour.
 */
const collectingMs = 10 * 60_000;

/** Calls until the quick compiler takes a function, until the thorough one does, and with no news of its types before that. */
const tiers = (quick: number, thorough: number, withoutNews: number) => [
  `--invocation-count-for-maglev=${quick}`,
  `--invocation-count-for-turbofan=${thorough}`,
  `--minimum-invocations-after-ic-update=${withoutNews}`,
];

/** This process will run for long and need little memory: for when it begins. */
export function expectLongRun(): void {
  tune(forLongRuns);
}

/** What is done from now on will be done again and again: for when the start is over, of which nothing is worth optimizing. */
export function optimizeSoon(): void {
  tune(tiers(10, 100, 10));
}

/**
 * What is done with each message is optimized by now, and may be again. What only a fault does is not worth it, be
 * there one every minute: it would take memory for good; and what a fault has taken is to be given back.
 */
export function optimizeTheSteady(): void {
  tune([...tiers(4000, 30_000, 500), reducing(2)]);
}

/** Gives back what is not needed any more, all of it, again and again until it is disposed. */
export function collectFromTimeToTime(clock: Clock): Disposable {
  // Only contexts that are made after it was asked for have this function.
  setFlagsFromString("--expose-gc");
  const context = createContext();
  const again = (): Disposable =>
    clock.after(collectingMs, () => {
      runInContext("gc()", context);
      next = again();
    });
  let next = again();
  return { [Symbol.dispose]: () => next[Symbol.dispose]() };
}

function tune(flags: readonly string[]): void {
  if (!process.versions.v8.startsWith(triedWith)) return;
  for (const flag of flags) setFlagsFromString(flag);
}
