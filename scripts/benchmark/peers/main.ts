/**
 * scripts/bench peers: the agent beside other clients, while their links do wrong.
 */
import { parseOptions, runCommand, UsageError, wholeNumber } from "../command-line.ts";
import { machineLine } from "../machine.ts";
import { clientNames } from "./clients.ts";
import { faultNames, faults, isFaultName } from "./faults.ts";
import { chapter, record, summaryLine } from "./report.ts";
import { runPeers } from "./run.ts";

const usage = `usage: scripts/bench peers [OPTIONS]
Speaks numbers in real time to this agent, to a bare WebSocket sender and to public clients of other speech services, side
by side, each a process of its own that streams to a simulator or stand-in of its service on this machine. Lets their
connections do wrong, alike and at the same moment, and tells which words were lost or doubled, and what it cost. The
public clients are installed when it is first run, for it alone.
  --quick           shorter, the faults at the same time instead of one after the other (about 8 minutes instead of 19)
  --clients NAME,…  only these of ${clientNames.join(", ")}
  --faults NAME,…   only these of ${faultNames.join(", ")}
  --seconds N       so long it is measured without a fault (60)
  --warm-up N       seconds before that: start-up, and the compilers' work on new code, are over by then (360)
  --logs FOLDER     keeps what clients say on standard error
  --json            the last line is the result as JSON
  --record          writes the result into docs/performance-peers.md and .svg, too
Faults:
${faultNames.map((name) => `  ${name.padEnd(16)}  ${faults[name].means}`).join("\n")}`;

async function main(args: string[]): Promise<number> {
  const values = options(args);
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const machine = machineLine();
  say(machine);
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  const result = await runPeers({
    clients: oneOrMore("--clients", values.clients, clientNames),
    faults: oneOrMore("--faults", values.faults, faultNames).filter(isFaultName),
    measure: {
      warmUpSeconds: wholeNumber("--warm-up", values["warm-up"], 1, 3600),
      seconds: wholeNumber("--seconds", values.seconds, 1, 3600),
    },
    sideBySide: values.quick,
    logFolder: values.logs ?? null,
    say,
    signal: stop.signal,
  });
  process.stdout.write(`${chapter(result)}\n`);
  // Where the logs went is nobody's business.
  const words = args.filter((word, index) => !word.startsWith("--logs") && args[index - 1] !== "--logs");
  if (values.record) record({ command: ["scripts/bench peers", ...words].join(" "), machine }, result);
  if (values.json) process.stdout.write(`${summaryLine(result)}\n`);
  return 0;
}

function options(args: string[]) {
  return parseOptions({
    args,
    options: {
      help: { type: "boolean", short: "h", default: false },
      quick: { type: "boolean", default: false },
      clients: { type: "string" },
      faults: { type: "string" },
      seconds: { type: "string", default: "60" },
      "warm-up": { type: "string", default: "360" },
      logs: { type: "string" },
      json: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
    },
  }).values;
}

function oneOrMore(name: string, text: string | undefined, known: readonly string[]): readonly string[] {
  if (text === undefined) return known;
  const chosen = text.split(",");
  const wrong = chosen.find((each) => !known.includes(each));
  if (wrong !== undefined) throw new UsageError(`${name}: "${wrong}" is none of ${known.join(", ")}`);
  return known.filter((each) => chosen.includes(each));
}

await runCommand(usage, () => main(process.argv.slice(2)));
