import { Command, InvalidArgumentError, Option } from "commander";
import { systemClock } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import { seededRandom } from "../base/random.ts";
import { assertWritable } from "../base/wanted-file.ts";
import { loadConfiguration } from "../config/load.ts";
import { problemLine } from "../config/problems.ts";
import type { Settings } from "../config/schema.ts";
import type { Outcome } from "../synthesis/outcome.ts";
import { usualConfig } from "./config-option.ts";
import { exitCodes } from "./exit-code.ts";
import { silent } from "./logging.ts";
import { answer, print } from "./print.ts";
import { stopSignals } from "./stop-signals.ts";

interface SayFlags {
  readonly config: string;
  readonly voice?: string;
  readonly device?: string;
  readonly out?: string;
  readonly json?: true;
}

/** `say`: speaks one text through the service, to its end. */
export function sayCommand(): Command {
  return new Command("say")
    .description("speak a text: the service's synthesis, on the loudspeaker or into a file")
    .argument("<text>", "what to say; after -- where it begins with a dash", spokenText)
    .option("--config <file>", "the configuration file", usualConfig)
    .option("--voice <property>", "language_speaker_domain, instead of synthesis.property", property)
    .option("--device <name>", "play on this ALSA device (aplay -L lists them), instead of synthesis.device")
    .addOption(new Option("--out <file.wav>", "write a WAV file; nothing is played").conflicts("device"))
    .option("--json", "print what became of it, one JSON object, to standard output")
    .addHelpText("after", help)
    .action(async (text: string, flags: SayFlags) => {
      process.exitCode = await say(text, flags);
    });
}

const help = `
Exit code 0: all of it was heard (or written). 1: it was not, and why is said. Ctrl-C ends it at once (130).`;

async function say(text: string, flags: SayFlags): Promise<number> {
  const { settings: configured, secrets, warnings } = await loadConfiguration(flags.config, process.env);
  for (const warning of warnings) await print(`warning: ${problemLine(warning)}\n`, process.stderr);
  const settings = withFlags(configured, flags);
  const { out } = flags;
  if (out !== undefined) await assertWritable(out, "RIFF");
  // Loaded only now: --help and mistyped options are answered in a fraction of the time.
  const [{ speechOf }, { credentialsOf }, { openWavFile }] = await Promise.all([
    import("../agent/voice.ts"),
    import("../agent/parts.ts"),
    import("../synthesis/wav-file.ts"),
  ]);
  const random = seededRandom(`${settings.device_id} ${process.pid} ${systemClock.wallMs()}`);
  const credentials = credentialsOf(secrets.service, systemClock, random);
  const speech = speechOf({
    settings,
    credentials: () => credentials,
    clock: systemClock,
    random,
    logger: silent,
    onError() {},
    onFetched() {},
    onOutcome() {},
    onSpeaking() {},
    ...(out !== undefined && { openSink: () => openWavFile(out, settings.synthesis.sample_rate) }),
  });
  using signals = stopSignals((signal) => speech.cancel(signal));
  const outcome = await speech.say({ text });
  await speech.stop();
  const told = flags.json !== true || (await answer(`${JSON.stringify(outcome)}\n`));
  const words = complaint(outcome);
  if (words !== null) await print(words, process.stderr);
  if (outcome.result !== "spoken") return signals.exitCode();
  return told ? exitCodes.fine : exitCodes.failed;
}

function withFlags(settings: Settings, { voice, device }: SayFlags): Settings {
  const synthesis = {
    ...settings.synthesis,
    ...(voice !== undefined && { property: voice }),
    ...(device !== undefined && { device }),
  };
  return { ...settings, synthesis };
}

/** What went wrong, for a person at a terminal; null: nothing. */
function complaint(outcome: Outcome): string | null {
  switch (outcome.result) {
    case "spoken":
      return null;
    case "unspoken": {
      const { code, message, hint } = outcome.error;
      return `the service did not speak it: ${code}: ${message}\n${hint === "" ? "" : `${hint}\n`}`;
    }
    case "unheard":
      return inWords(outcome.fault);
    case "cancelled":
      return `ended: ${outcome.reason}\n`;
    case "expired":
      return "its time had passed\n";
    case "refused":
      return outcome.reason === "nothing-to-say"
        ? "the text holds nothing that can be spoken\n"
        : `${outcome.reason}\n`;
  }
}

function inWords({ message, hint }: Fault): string {
  return `${message}\n${hint === "" ? "" : `${hint}\n`}`;
}

function spokenText(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("Something to say.");
  if (text.length > 20_000) throw new InvalidArgumentError("At most 20,000 characters.");
  return text;
}

function property(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) throw new InvalidArgumentError("For example chinese_xiaoyan_common.");
  return text;
}
