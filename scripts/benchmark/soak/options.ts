import { parseOptions, UsageError, wholeNumber } from "../command-line.ts";

export const usage = `usage: scripts/bench soak [OPTIONS]
Runs agents for hours against the simulator, each a process of its own with a service, a broker and a microphone of its
own, as scripts/campaign does: numbers are said, a fault happens every few minutes, sessions follow one another at their
limits. Tells whether anything was lost or doubled, and what the processes grow by in an hour.
Exit code 0: nothing was lost, and memory, handles and descriptors are flat; 1: not so.
  --hours H       how long (1)
  --agents N      side by side (6)
  --accelerated   what makes a process age comes more often: 15 s pass from one fault's end to the next, instead of 3
                  minutes; a token lives 1 minute, instead of 15. Faults that are answered with waits of a minute are
                  left out
  --seed S        what is drawn is the same for the same seed (1)
  --json          the last line is the result as JSON
  --record        writes the results into docs/performance-soak.md, too`;

export interface SoakOptions {
  readonly hours: number;
  readonly agents: number;
  readonly accelerated: boolean;
  readonly seed: string;
  readonly json: boolean;
  readonly record: boolean;
}

/** @returns null: help is wanted. @throws UsageError */
export function soakOptions(words: readonly string[]): SoakOptions | null {
  const values = parsed(words);
  if (values.help) return null;
  const hours = Number(values.hours);
  if (!(hours >= 0.01 && hours <= 1000))
    throw new UsageError(`--hours: "${values.hours}" is not a number from 0.01 to 1000`);
  return {
    hours,
    agents: wholeNumber("--agents", values.agents, 1, 100),
    accelerated: values.accelerated,
    seed: values.seed,
    json: values.json,
    record: values.record,
  };
}

function parsed(words: readonly string[]) {
  return parseOptions({
    args: [...words],
    options: {
      help: { type: "boolean", short: "h", default: false },
      hours: { type: "string", default: "1" },
      agents: { type: "string", default: "6" },
      accelerated: { type: "boolean", default: false },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
    },
  }).values;
}
