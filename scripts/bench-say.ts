/**
 * scripts/bench say: how long a text takes to be heard, beside the service's own first byte. See --help.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import { readInt16 } from "../src/audio/pcm.ts";
import { systemClock } from "../src/base/clock.ts";
import { dial } from "../src/sis/dial.ts";
import { parseObject } from "../src/sis/json.ts";
import { encodeRttsStart, type RttsConfig, rttsUrl } from "../src/sis/rtts.ts";
import { openSpeaker } from "../src/synthesis/speaker.ts";
import { Speech } from "../src/synthesis/speech.ts";
import { missingForPulse, type PulseLab, startPulse } from "../test/system/lab/pulse.ts";
import { parseOptions, runCommand, UsageError } from "./benchmark/command-line.ts";
import { quantile } from "./benchmark/figures.ts";
import { machineLine } from "./benchmark/machine.ts";

const usage = `usage: scripts/bench say [OPTIONS]
Has a text spoken by the simulator (a process of its own), in turn by a bare client and by the agent's synthesis with a
real aplay in front of a PulseAudio sink, and tells when sound comes: p50 and p99.
  --runs N    of each (60)
  --record    writes docs/performance-say.md, too`;

const text = "1234";
const config: RttsConfig = { audioFormat: "pcm", sampleRate: 16_000 };
const silentLogger = { debug() {}, info() {}, warn() {}, error() {} };
const credentials = { authorize: () => Promise.resolve({}), refused() {}, expiresAtMs: () => null };

/** ms from asking for the text. */
interface Times {
  /** A bare client has the first byte of sound. */
  readonly bare: number[];
  /** The agent gives the first sound to the player. */
  readonly given: number[];
  /** The first sound comes out of a recorder behind the sink: the player's, the server's and the recorder's time included. */
  readonly heard: number[];
}

async function main(): Promise<number> {
  const { help, runs, record } = options();
  if (help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  for (const lacking of [missingForPulse("arecord"), missingForPulse("aplay")]) {
    if (lacking !== false) throw new Error(lacking);
  }
  const times: Times = { bare: [], given: [], heard: [] };
  await using service = await startService();
  await using pulse = await startPulse();
  await using ear = await startEar(pulse);
  const { url } = service;
  for (let run = 0; run < runs; run += 1) {
    times.bare.push(await bareFirstByte(url));
    await speakOnce(url, pulse, ear, times);
  }
  const page = pageOf(times);
  process.stdout.write(page);
  if (record) writeFileSync(new URL("../docs/performance-say.md", import.meta.url), page);
  return 0;
}

function options(): { readonly help: boolean; readonly runs: number; readonly record: boolean } {
  const flag = { type: "boolean", default: false } as const;
  const { values } = parseOptions({ options: { runs: { type: "string", default: "60" }, record: flag, help: flag } });
  if (/^[1-9]\d{0,4}$/.test(values.runs)) return { ...values, runs: Number(values.runs) };
  throw new UsageError(`--runs: "${values.runs}" is not a whole number from 1 to 99999`);
}

async function startService() {
  const program = new URL("../src/main.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [program, "simulate", "--voice", "dtmf", "--log-level", "error"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const line = Promise.withResolvers<string>();
  createInterface(child.stdout)
    .once("line", line.resolve)
    .once("close", () => line.resolve(""));
  const url = parseObject(await line.promise)?.["url"];
  if (typeof url !== "string") throw new Error("the simulator did not start");
  return {
    url: rttsUrl(url, "p"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function bareFirstByte(url: URL): Promise<number> {
  const begun = performance.now();
  const ws = new WebSocket(url);
  ws.on("open", () => ws.send(encodeRttsStart(text, config)));
  const first = Promise.withResolvers<number>();
  ws.on("error", first.reject);
  ws.on("message", (_data, isBinary) => {
    if (isBinary) first.resolve(performance.now() - begun);
  });
  const ms = await first.promise;
  const closed = once(ws, "close");
  ws.close();
  await closed;
  return ms;
}

async function speakOnce(url: URL, pulse: PulseLab, ear: Ear, times: Times): Promise<void> {
  const begun = performance.now();
  const heard = ear.nextSound();
  const speech = new Speech({
    service: {
      dial: (listener) => dial({ url, credentials, clock: systemClock, listener, mark: () => 0 }),
      credentialsRefused() {},
      clock: systemClock,
      random: Math.random,
      onError: (error) => {
        throw new Error(error.message);
      },
      onFetched() {},
      onIrregularity() {},
    },
    config,
    openSink: () =>
      openSpeaker({
        player: "aplay",
        device: pulse.speaker,
        sampleRate: config.sampleRate,
        env: pulse.env,
        clock: systemClock,
        logger: silentLogger,
        gainDb: 0,
        onSpeaking: (speaking) => {
          if (speaking) times.given.push(performance.now() - begun);
        },
      }),
    cache: null,
    onOutcome() {},
    clock: systemClock,
  });
  const outcome = await speech.say({ text });
  if (outcome.result !== "spoken") throw new Error(`not spoken: ${outcome.result}`);
  times.heard.push((await heard) - begun);
  await speech.stop();
  // What is still on its way through the recorder must not be taken for the next text.
  await pause(400);
}

interface Ear extends AsyncDisposable {
  /** When the next sound is heard, by the clock of `performance`. */
  nextSound(): Promise<number>;
}

async function startEar(pulse: PulseLab): Promise<Ear> {
  const timing = ["--period-time=10000", "--buffer-time=200000"];
  const args = ["-q", "-D", pulse.device, "-f", "S16_LE", "-r", "16000", "-c", "1", "-t", "raw", ...timing, "-"];
  const child = spawn("arecord", args, { env: { ...process.env, ...pulse.env }, stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let waiting: ((atMs: number) => void) | null = null;
  child.stdout.on("data", (bytes: Buffer) => {
    if (waiting === null || bytes.every((byte) => byte === 0)) return;
    const samples = readInt16(bytes.subarray(0, bytes.length - (bytes.length % 2)));
    // What came before the end of this piece was heard before now.
    const silent = samples.findIndex((sample) => sample !== 0);
    waiting(performance.now() - (samples.length - silent) / 16);
    waiting = null;
  });
  await once(child.stdout, "data");
  return {
    nextSound: () =>
      new Promise((resolve) => {
        waiting = resolve;
      }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function pageOf({ bare, given, heard }: Times): string {
  const base = { p50: quantile(bare, 0.5), p99: quantile(bare, 0.99) };
  const row = (name: string, values: readonly number[]) => {
    const [p50, p99] = [quantile(values, 0.5), quantile(values, 0.99)];
    const added = [p50 - base.p50, p99 - base.p99].map((ms) => `${ms < 0 ? "" : "+"}${ms.toFixed(1)}`).join(" / ");
    return `| ${name} | ${p50.toFixed(1)} / ${p99.toFixed(1)} | ${values === bare ? "" : added} |`;
  };
  return `# From text to sound

Written by \`scripts/bench say --record\` on ${new Date().toISOString().slice(0, 10)}: ${machineLine()}; ${bare.length} runs of
each, in turn.

| | ms since the text was given, p50 / p99 | more than the service's first byte |
| --- | --- | --- |
${row("a bare WebSocket client has the first byte", bare)}
${row("the agent gives the first sound to the player", given)}
${row("the first sound is heard behind the loudspeaker", heard)}

The service is the simulator, which sends 100 ms of sound at once and then four times real time. Before the agent lets
sound flow it waits for 150 ms of it, a cushion against a service that falters: that is what the second row adds. The
third row's sound went through \`aplay\`, a PulseAudio sink and \`arecord\`: their buffers are in it, too. Connection and
player are new for each text; nothing is kept warm.
`;
}

await runCommand(usage, main);
