/**
 * scripts/bench fleet: thousands of devices at a real broker, with the console attached.
 */
import { parseOptions, runCommand, wholeNumber } from "../command-line.ts";
import { machineLine } from "../machine.ts";
import { chapter, record, summaryLine } from "./report.ts";
import { runFleet } from "./run.ts";

const usage = `usage: scripts/bench fleet [OPTIONS]
Connects simulated devices (the product's own connection, waits and payloads; an MQTT connection each) to a mosquitto,
opens the console on it, and measures: single alarms, all devices losing the service at once, a broker that is killed.
  --devices N       so many devices (10000)
  --seconds N       of operation with single alarms (30)
  --down-seconds N  the broker is away for so long (10)
  --json            the last line is the result as JSON
  --record          writes the result into docs/performance-fleet.md, too`;

async function main(args: string[]): Promise<number> {
  const values = options(args);
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const machine = machineLine();
  say(machine);
  const result = await runFleet({
    devices: wholeNumber("--devices", values.devices, 1, 20_000),
    seconds: wholeNumber("--seconds", values.seconds, 1, 3_600),
    downSeconds: wholeNumber("--down-seconds", values["down-seconds"], 0, 600),
    say,
  });
  process.stdout.write(`${chapter(result)}\n`);
  if (values.record) record({ command: `scripts/bench fleet ${args.join(" ")}`, machine }, result);
  if (values.json) process.stdout.write(`${summaryLine(result)}\n`);
  return 0;
}

function options(args: string[]) {
  return parseOptions({
    args,
    options: {
      help: { type: "boolean", short: "h", default: false },
      devices: { type: "string", default: "10000" },
      seconds: { type: "string", default: "30" },
      "down-seconds": { type: "string", default: "10" },
      json: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
    },
  }).values;
}

await runCommand(usage, () => main(process.argv.slice(2)));
