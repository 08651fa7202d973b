/**
 * scripts/bench stream: the agent beside a bare WebSocket sender of the same sound, in one run.
 */
import { parseOptions, runCommand, UsageError, wholeNumber } from "./command-line.ts";
import { machineLine } from "./machine.ts";
import { performancePage, recordResults, summaryLine } from "./report.ts";
import { runBenchmark } from "./stream.ts";

const usage = `usage: scripts/bench stream [OPTIONS]
Streams sound in real time through the agent, and through a bare sender that only reads, frames and sends: as processes
of their own, side by side, to one server. Tells CPU a second of sound, peak memory and added latency.
  --seconds N       measured in each round (25)
  --warm-up N       seconds before that: start-up, and the compilers' work on new code, are over by then (360)
  --rounds N        rounds with fresh processes; figures are medians over them (3)
  --streams N,...   so many of each at once, one run after the other (1)
  --json            the last line is the result of the first of --streams as JSON
  --record          writes the results into docs/performance.md, too
Other benchmarks: scripts/bench peers (beside other clients), startup, soak, fleet, say (speaking), each with --help.`;

async function main(): Promise<number> {
  const { values, positionals } = options();
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const seconds = wholeNumber("--seconds", values.seconds, 1, 3600);
  const warmUpSeconds = wholeNumber("--warm-up", values["warm-up"], 1, 3600);
  const rounds = wholeNumber("--rounds", values.rounds, 1, 100);
  const streams = values.streams.split(",").map((each) => wholeNumber("--streams", each, 1, 100));
  if (positionals.length !== 1 || positionals[0] !== "stream") {
    throw new UsageError("benchmarks are called stream, peers, startup, soak, fleet and say");
  }
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const machine = machineLine();
  say(machine);
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  const results = await runBenchmark({ warmUpSeconds, seconds, rounds, streams, say, signal: stop.signal });
  process.stdout.write(`${performancePage(results)}\n`);
  if (values.record) recordResults({ command: `scripts/bench ${process.argv.slice(2).join(" ")}`, machine }, results);
  if (values.json && results[0] !== undefined) process.stdout.write(`${summaryLine(results[0])}\n`);
  return 0;
}

function options() {
  return parseOptions({
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h", default: false },
      seconds: { type: "string", default: "25" },
      "warm-up": { type: "string", default: "360" },
      rounds: { type: "string", default: "3" },
      streams: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
    },
  });
}

await runCommand(usage, main);
