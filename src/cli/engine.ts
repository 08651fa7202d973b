import { setFlagsFromString } from "node:v8";

// V8's own measures are for programs that do much in a short time. The agent does little, ten times a second, for months.
// What that costs with them and without: docs/decisions/0066-an-engine-for-months.md.

/** The versions of V8 that this was tried with: what steers it is no promise of Node's, and has other names in others. */
const triedWith = "13.6.";

const forLongRuns = [
  // Where new objects are made stays at 1 MB; at a start it would grow, and never become smaller.
  "--semi-space-growth-factor=1",
  // All memory is not gone through again minutes after a start, for the sake of half a megabyte.
  "--memory-reducer-gc-count=0",
];

const forSteadyWork = [
  // Calls until the quick compiler takes a function: 400 by itself.
  "--invocation-count-for-maglev=20",
  // Until the thorough one does: 3000, five minutes of messages.
  "--invocation-count-for-turbofan=200",
  // Calls for which nothing new must have been learned of a function's types: 500.
  "--minimum-invocations-after-ic-update=10",
  // Each compiler at work has memory of its own: 4 at once.
  "--concurrent-turbofan-max-threads=1",
];

/** This process will run for long and need little memory: for when it begins. */
export function expectLongRun(): void {
  tune(forLongRuns);
}

/** What is done from now on will be done again and again: for when the start is over, of which nothing is worth optimizing. */
export function expectSteadyWork(): void {
  tune(forSteadyWork);
}

function tune(flags: readonly string[]): void {
  if (!process.versions.v8.startsWith(triedWith)) return;
  for (const flag of flags) setFlagsFromString(flag);
}
