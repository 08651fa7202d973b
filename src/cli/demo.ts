import { Command, InvalidArgumentError } from "commander";
import { systemClock } from "../base/clock.ts";
import { diskFault, errorName } from "../base/disk-fault.ts";
import { Fault } from "../base/fault.ts";
import { liveScreen, plainScreen, type StatusArea } from "./demo/screen.ts";
import { longestSeconds, shortestSeconds } from "./demo/story.ts";
import { exitCodes } from "./exit-code.ts";
import { answer } from "./print.ts";
import { stopSignals } from "./stop-signals.ts";

interface DemoFlags {
  readonly seconds: number;
  readonly json?: true;
  readonly device?: string;
  readonly color: boolean;
}

/** `demo`: the agent at work against a service that misbehaves, and the proof that nothing was lost. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("show the agent at work on this machine: errors, outage, recovery, and the proof that nothing is lost")
    .option("--seconds <number>", `how long, ${shortestSeconds} to ${longestSeconds}`, storySeconds, 30)
    .option("--json", "print the account, one JSON object, to standard output; all else goes to standard error")
    .option(
      "--device <name>",
      "record this ALSA device (arecord -L lists them) instead of the demo's own voice",
      deviceName,
    )
    .option("--no-color", "without colours; so does the environment variable NO_COLOR")
    .addHelpText("after", help)
    .action(async (flags: DemoFlags) => {
      await demo(flags);
    });
}

const help = `
Needs no network, no account and no sound card. The sound says running numbers, so every word that is lost or comes
twice shows; of a real microphone (--device) nobody knows how many words there were: sent and lost are null then.
Exit code 0: the service failed in every way, and every word was heard exactly once. Ctrl-C ends it cleanly (130).`;

async function demo({ seconds, json, device, color }: DemoFlags): Promise<void> {
  const output = json === true ? process.stderr : process.stdout;
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  using signals = stopSignals(leave);
  // Loaded only now: the other commands, and --help, start in a fraction of the time.
  const { perform } = await import("./demo/perform.ts");
  const colours = color && (process.env["NO_COLOR"] ?? "") === "";
  const live = json !== true && process.stdout.isTTY && process.env["TERM"] !== "dumb";
  const openScreen = (status: StatusArea) =>
    live ? liveScreen(process.stdout, colours, status, systemClock) : plainScreen(output);
  const troubles: Error[] = [];
  // The reader has gone away: nobody watches any more.
  output.on("error", (error: Error) => {
    if (errorName(error) !== "EPIPE") troubles.push(error);
    leave();
  });
  const verdict = await perform({
    seconds,
    device: device ?? null,
    openScreen,
    clock: systemClock,
    signal: leaving.signal,
  }).catch((error: unknown) => {
    throw inWordsOfTheDemo(error);
  });
  const [trouble] = troubles;
  if (trouble !== undefined) throw diskFault("what the demo shows cannot be written", trouble);
  if (verdict === null) {
    process.exitCode = signals.exitCode();
    return;
  }
  process.exitCode = verdict.kept ? exitCodes.fine : exitCodes.failed;
  if (json === true) await answer(`${JSON.stringify(verdict.summary)}\n`);
}

function deviceName(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("The name of an ALSA device; arecord -L lists them.");
  return text;
}

/** Hints speak of the setting; here, the option stands in its place. */
function inWordsOfTheDemo(error: unknown): unknown {
  if (!(error instanceof Fault)) return error;
  const hint = error.hint.replaceAll("audio.device", "--device");
  return new Fault(error.code, error.message, { hint, cause: error });
}

function storySeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || seconds < shortestSeconds || seconds > longestSeconds) {
    const why = "it takes that long for an outage to become an alarm, and for the alarm to be cleared";
    throw new InvalidArgumentError(`A number from ${shortestSeconds} (${why}) to ${longestSeconds}.`);
  }
  return seconds;
}
