import { Command, InvalidArgumentError, Option } from "commander";
import { Fault } from "../base/fault.ts";
import { isLoopback } from "../base/loopback.ts";
import { readTextFile } from "../config/text-file.ts";
import { type AuthMode, authModes } from "../simulator/gateway.ts";
import {
  realLimits,
  type SimulatorLimits,
  type SimulatorOptions,
  type VoiceKind,
  voiceKinds,
} from "../simulator/options.ts";
import { createLogger, type LogLevel, logLevels, logStyle } from "./logging.ts";
import { print } from "./print.ts";

interface SimulateFlags {
  readonly host: string;
  readonly port: number;
  readonly allowNetwork?: true;
  readonly auth: AuthMode;
  readonly accounts?: string;
  readonly faults?: string;
  readonly limitContinuousS: number;
  readonly limitSentenceS: number;
  readonly limitShortS: number;
  readonly limitConnectionS: number;
  readonly limitIdleS: number;
  readonly limitTokenS: number;
  readonly sentenceEnd: "auto" | "wait";
  readonly voiceLevel: number;
  readonly voice: VoiceKind;
  readonly clockOffsetS: number;
  readonly logLevel: LogLevel;
}

/** `simulate`: the SIS service on this machine, until it is told to stop. */
export function simulateCommand(): Command {
  return new Command("simulate")
    .description(
      "run a stand-in for the SIS service: recognition (RASR), synthesis (RTTS), IAM tokens, faults on demand",
    )
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <number>", "port to listen on; 0: any that is free", portNumber, 0)
    .option("--allow-network", "let --host be other than a loopback address")
    .addOption(new Option("--auth <mode>", "how clients prove who they are").choices(authModes).default("none"))
    .option("--accounts <file>", "JSON: access_keys, users, project, tokens; default: well-known test accounts")
    .option("--faults <file>", "JSON: what is to go wrong, and when")
    .option("--limit-continuous-s <seconds>", "audio in a continuous session", seconds, realLimits.continuousMs / 1000)
    .option("--limit-sentence-s <seconds>", "audio in a sentence session", seconds, realLimits.sentenceMs / 1000)
    .option("--limit-short-s <seconds>", "audio in a short session", seconds, realLimits.shortMs / 1000)
    .option("--limit-connection-s <seconds>", "audio on a connection", seconds, realLimits.connectionMs / 1000)
    .option("--limit-idle-s <seconds>", "silence of a client until SIS.0304", seconds, realLimits.idleMs / 1000)
    .option("--limit-token-s <seconds>", "life of a token", seconds, realLimits.tokenMs / 1000)
    .addOption(
      new Option("--sentence-end <who>", "sentence mode: whether the service ENDs a session itself")
        .choices(["auto", "wait"])
        .default("wait"),
    )
    .option("--voice-level <dBFS>", "sound from this level up is voice", decibels, -45)
    .addOption(
      new Option("--voice <kind>", "how synthesised texts sound: spoken by espeak-ng, or their digits as DTMF")
        .choices(voiceKinds)
        .default("auto"),
    )
    .option("--clock-offset-s <seconds>", "how far the service's clock is ahead; may be negative", anySeconds, 0)
    .addOption(new Option("--log-level <level>", "of the log on stderr").choices(logLevels).default("info"))
    .addHelpText("after", help)
    .action((flags: SimulateFlags, command: Command) => {
      if (!isLoopback(flags.host) && flags.allowNetwork !== true) {
        command.error(
          `--host ${flags.host} is not this machine alone: anyone could control it. Add --allow-network if you mean it.`,
        );
      }
      return simulate(flags);
    });
}

const help = `
The first line on stdout is JSON: {"type":"listening","port":…,"url":"ws://…",…}. Point [sis] endpoint at the url.
It recognises DTMF digits instead of speech, and reports other sound as its length and level.

  GET    /control/state    all it has seen
  POST   /control/faults   makes something go wrong: {"at":{"audio_ms":5000},"fault":{"kind":"error","code":"SIS.0302"}}
  DELETE /control/faults   takes back what has not happened yet
  POST   /v3/auth/tokens   a token, as IAM gives it

SIGINT and SIGTERM stop it. Kinds of faults and all else: docs/simulator.md`;

async function simulate(flags: SimulateFlags): Promise<void> {
  const logger = createLogger(flags.logLevel, logStyle(process.env, process.stderr.isTTY), (line) => {
    process.stderr.write(`${line}\n`);
  });
  const { startSimulator } = await import("../simulator/simulator.ts");
  const stop = stopSignal();
  await using simulator = await startSimulator({ ...(await optionsOf(flags)), logger });
  if (!isLoopback(flags.host)) {
    logger.warn("this test service can be reached, and controlled, from the network", { host: flags.host });
  }
  const { host, port, url, httpUrl } = simulator;
  const facts = {
    type: "listening",
    host,
    port,
    url,
    http_url: httpUrl,
    control: `${httpUrl}/control/state`,
    auth: flags.auth,
  };
  await print(`${JSON.stringify(facts)}\n`);
  logger.info("simulator listening", { url, auth: flags.auth });
  logger.info("simulator stops", { signal: await stop });
}

async function optionsOf(flags: SimulateFlags): Promise<SimulatorOptions> {
  // Loaded only when it is needed: the other commands start faster.
  const { parseAccounts } = await import("../simulator/accounts.ts");
  const { parseFaults } = await import("../simulator/faults.ts");
  const limits: SimulatorLimits = {
    continuousMs: flags.limitContinuousS * 1000,
    sentenceMs: flags.limitSentenceS * 1000,
    shortMs: flags.limitShortS * 1000,
    connectionMs: flags.limitConnectionS * 1000,
    idleMs: flags.limitIdleS * 1000,
    tokenMs: flags.limitTokenS * 1000,
  };
  return {
    host: flags.host,
    port: flags.port,
    auth: flags.auth,
    limits,
    sentenceEnd: flags.sentenceEnd,
    voiceDbfs: flags.voiceLevel,
    voice: flags.voice,
    clockOffsetMs: flags.clockOffsetS * 1000,
    ...(flags.accounts !== undefined && { accounts: await fromFile(flags.accounts, parseAccounts) }),
    ...(flags.faults !== undefined && { faults: await fromFile(flags.faults, parseFaults) }),
  };
}

const greatestFile = 16 * 1024 * 1024;

/** @throws {Fault} config-unreadable, config-invalid, disk-failed, naming the file */
async function fromFile<T>(file: string, parse: (value: unknown) => T): Promise<T> {
  const content = await readTextFile(file, greatestFile, true);
  if (!("text" in content)) throw new Fault(content.code, `${file} ${content.why}`);
  let value: unknown;
  try {
    value = JSON.parse(content.text);
  } catch (error) {
    // The parser's message quotes the file.
    throw new Fault("config-invalid", `${file} is not valid JSON`, { cause: error });
  }
  try {
    return parse(value);
  } catch (error) {
    if (error instanceof Fault) throw new Fault(error.code, `${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Resolves with the signal that asks the process to stop. A second one acts as if nobody listened. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"];
    const onSignal = (signal: NodeJS.Signals) => {
      for (const other of signals) process.off(other, onSignal);
      resolve(signal);
    };
    for (const signal of signals) process.on(signal, onSignal);
  });
}

function portNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError("A whole number from 0 to 65535.");
  return value;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > 1_000_000)
    throw new InvalidArgumentError("Seconds, more than 0.");
  return value;
}

function anySeconds(text: string): number {
  const value = Number(text);
  if (!/^-?\d+(\.\d+)?$/.test(text) || Math.abs(value) > 1e9) throw new InvalidArgumentError("Seconds.");
  return value;
}

function decibels(text: string): number {
  const value = Number(text);
  if (!/^-?\d+(\.\d+)?$/.test(text) || value < -100 || value > 0) throw new InvalidArgumentError("From -100 to 0.");
  return value;
}
