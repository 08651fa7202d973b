import { randomUUID } from "node:crypto";
import { arch, platform, release } from "node:os";
import { join } from "node:path";
import { fileSource } from "./audio/file-source.ts";
import { encodeALaw, encodeMuLaw } from "./audio/g711.ts";
import { type Gate, hangoverMs, startGate } from "./audio/gate.ts";
import { freshMeter, levelOf, stepHealth, tallyOf } from "./audio/level.ts";
import { AudioLog, balances } from "./audio/log.ts";
import { microphone } from "./audio/microphone.ts";
import { type MutableSource, mutableSource } from "./audio/mutable-source.ts";
import { serialSource } from "./audio/serial-source.ts";
import type { AudioSource, SourceEvent } from "./audio/source.ts";
import { Spool } from "./audio/spool.ts";
import { stdinSource } from "./audio/stdin-source.ts";
import { keepingOf } from "./audio/store.ts";
import { type Clock, systemClock } from "./base/clock.ts";
import type { Fault } from "./base/fault.ts";
import type { Logger } from "./base/logger.ts";
import { type Random, seededRandom } from "./base/random.ts";
import type { Settings } from "./config/schema.ts";
import type { Secrets } from "./config/secrets.ts";
import { replaceFile } from "./fleet/background-writer.ts";
import { type Fleet, type FleetMessage, startFleet } from "./fleet/fleet.ts";
import { serviceClock } from "./host/service-clock.ts";
import { watchHost } from "./host/watch.ts";
import { type MuteLatch, muteSwitch, openMuteLatch } from "./panel/mute-latch.ts";
import { type Panel, startPanel } from "./panel/panel.ts";
import { Recognizer } from "./recognition/recognizer.ts";
import type { Report } from "./recognition/report.ts";
import { logReport } from "./recognition/report-log.ts";
import { akskCredentials, type Credentials, passwordCredentials, tokenCredentials } from "./sis/credentials.ts";
import { dial } from "./sis/dial.ts";
import { encodingOf, limits, type RasrConfig, rasrUrl, sampleRateOf } from "./sis/request.ts";

export interface AgentOptions {
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly version: string;
  readonly build: string;
  readonly configHash: string;
  readonly logger: Logger;
  /** Told everything that recognition reports, transcripts among it. Must not block. */
  readonly onReport: (report: Report) => void;
  /** Told everything that the source of sound reports, the sound among it. Must not block. */
  readonly onCapture?: (event: SourceEvent) => void;
  /** Told every message to the fleet, whether there is a broker or not. Must not block. */
  readonly onMessage?: (message: FleetMessage) => void;
}

export interface Agent {
  /** Resolves when everything is let go of: after `stop`, or by itself when a finite source is recognised to its end. */
  readonly finished: Promise<Outcome>;
  /** Sound that is captured and not sent yet, ms. */
  backlogMs(): number;
  /** Takes over who the agent is to the service, from the next connection on; what waits for that tries again at once. */
  renew(secrets: Secrets): void;
  /** Ends in good order: last results, goodbye to the fleet. Repeatable. */
  stop(reason: string): Promise<Outcome>;
}

/** How the agent ended; `fault`: why its source of sound can never work. */
export interface Outcome {
  readonly fault: Fault | null;
}

/** The disk gets so long to take the last of the sound, when recognition has ended. */
const keepingMs = 500;

/** Builds the parts, connects them, and unwinds them in reverse order. Decides nothing. */
export function startAgent(options: AgentOptions): Agent {
  const { settings, secrets, logger, onReport, onCapture } = options;
  const clock = systemClock;
  const boot = randomUUID();
  const random = seededRandom(`${settings.device_id} ${boot}`);
  const sampleRate = sampleRateOf(settings.sis.audio_format);
  const url = rasrUrl(settings.sis.endpoint, settings.sis.project_id, settings.sis.mode);
  let credentials = credentialsOf(secrets.service, clock, random);
  const latch = openMuteLatch(join(settings.state_dir, "muted"), replaceFile);
  const source = sourceOf(settings, clock, random, logger, latch.muted);
  const fleet = fleetOf(options, boot, clock, random);
  if (options.onMessage !== undefined) fleet.observe(options.onMessage);
  let streaming = false;
  const serviceTime = serviceClock(clock);
  const machine = watchHost({
    folder: settings.state_dir,
    clock,
    onReading({ hot, underVoltage, temperatureC }) {
      fleet.notice({ type: "temperature", hot, celsius: temperatureC });
      fleet.notice({ type: "power", tooLow: underVoltage === true });
      const aheadMs = serviceTime.aheadMs();
      if (aheadMs !== null) fleet.notice({ type: "clock", aheadMs });
    },
  });

  const tell = (what: Report) => {
    if (what.type === "session") checkAccounts();
    if (what.type === "phase") streaming = what.phase === "streaming";
    logReport(logger, what);
    fleet.report(what);
    onReport(what);
  };
  // Until it is on disk how far the service has answered, the next transcript waits: see decision 13.
  const report = (what: Report) => (what.type === "transcript" ? spool.whenNoted(() => tell(what)) : tell(what));
  const { memory_seconds, disk, disk_megabytes, disk_hours, flush_ms } = settings.buffer;
  const spool = new Spool({
    folder: join(settings.state_dir, "audio"),
    keeps: disk !== "off",
    sampleRate,
    maxBytes: disk_megabytes * 1_000_000,
    maxAgeMs: disk_hours * 3_600_000,
    clock,
    onTrouble: (fault) => {
      if (fault === null) logger.info("sound can be kept on disk again");
      else logger.error(fault.message, { code: fault.code, hint: fault.hint });
      fleet.notice({ type: "disk", fault });
    },
  });
  const log = new AudioLog({
    sampleRate,
    capacityMs: memory_seconds * 1000,
    live: settings.audio.source !== "file" || settings.audio.speed === 1,
    clock,
    onGap: (gap) => report({ type: "gap", ...gap }),
    gated: true,
    store: spool,
    keeping: keepingOf(disk, memory_seconds * 1000, flush_ms),
  });
  if (spool.resumed !== null) {
    logger.info("an earlier run left sound that is not recognised yet: going on with it", {
      resumedMs: log.ledger().resumedMs,
      from: new Date(log.wallMs(log.settled)).toISOString(),
    });
  }
  const gate = startGate({
    kind: settings.audio.gate,
    sampleRate,
    start: log.resumedTo,
    hangoverMs: hangoverMs(settings.sis.vad_tail ?? limits.vadTailMs.default, settings.sis.chunk_ms),
    logger,
    decide: ({ upTo, verdict }) => log.decide(upTo, verdict),
  });
  let sessions = 0;
  const recognizer = new Recognizer({
    log,
    dial: (listener, mark) =>
      dial({ url, credentials, clock, listener, mark, onDate: (serverMs) => serviceTime.heard(serverMs) }),
    credentialsRefused: (serverDateMs) => credentials.refused({ serverDateMs }),
    mode: settings.sis.mode,
    config: rasrConfigOf(settings.sis),
    chunkMs: settings.sis.chunk_ms,
    encode: encoders[encodingOf(settings.sis.audio_format)],
    catchUpRate: settings.buffer.catch_up_rate,
    sourceSpeed: settings.audio.source === "file" ? settings.audio.speed : 1,
    clock,
    random,
    logger,
    nextSessionId: () => `${boot.slice(0, 8)}-${++sessions}`,
    onReport: report,
  });

  const listening = settings.audio.source === "microphone";
  let meter = freshMeter;
  const watchHealth = (samples: Int16Array) => {
    const before = meter.health;
    meter = stepHealth(meter, tallyOf(samples), sampleRate);
    if (meter.health !== before) fleet.notice({ type: "sound", health: meter.health });
  };

  const panel = connectPanel({ settings, clock, random, logger, fleet, latch, source, gate });
  let muting: Disposable | null = null;
  let streams = 0;
  let sourceFault: Fault | null = null;
  source.start((event) => {
    switch (event.type) {
      case "opened":
        log.openStream(`${boot.slice(0, 8)}.${++streams}`);
        logger.info("sound flows", { source: event.description });
        break;
      case "audio":
        log.append(event.samples);
        gate.heard(event.samples);
        if (listening) watchHealth(event.samples);
        panel?.level(levelOf(tallyOf(event.samples)).rmsDbfs);
        recognizer.audioArrived();
        break;
      case "overrun":
        log.overrun(event.lostMs);
        break;
      case "interrupted":
        log.breakOff();
        logger.warn(event.fault.message, {
          code: event.fault.code,
          retryInMs: event.retryInMs,
          hint: event.fault.hint,
        });
        break;
      case "muted":
        muting?.[Symbol.dispose]();
        muting = event.muted ? gate.mute() : null;
        if (event.muted) log.rest();
        logger.info(event.muted ? "muted: nothing is captured" : "no longer muted");
        break;
      case "ended":
        sourceFault = event.fault;
        gate.end();
        recognizer.sourceEnded();
        break;
    }
    fleet.capture(event);
    onCapture?.(event);
  });

  /** What the service is not done with is on disk for the next run, as far as the disk takes it. */
  async function keepTheRest(): Promise<void> {
    while (disk !== "off" && spool.usable && !log.spill()) await spool.written;
    await spool.close();
  }

  async function inTime(work: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<undefined>();
    using _deadline = clock.after(keepingMs, () => late.resolve(undefined));
    await Promise.race([work, late.promise]);
  }

  function checkAccounts(): void {
    const ledger = log.ledger();
    if (!balances(ledger)) logger.error("the accounts of the sound do not balance: please report this", { ...ledger });
  }

  async function unwind(reason: string): Promise<Outcome> {
    const silenced = source.stop();
    gate.end();
    if (disk !== "off") log.spill();
    await recognizer.stop();
    await inTime(keepTheRest());
    log.close();
    checkAccounts();
    await silenced;
    logger.info("the agent has stopped", {
      reason,
      ...log.ledger(),
      ...Object.fromEntries(recognizer.irregularities),
    });
    machine[Symbol.dispose]();
    await panel?.stop();
    await fleet.stop(reason);
    return { fault: sourceFault };
  }

  let unwinding: Promise<Outcome> | null = null;
  const stop = (reason: string) => {
    unwinding ??= unwind(reason);
    return unwinding;
  };
  return {
    finished: recognizer.stopped.then(() => stop("the source of sound is at its end")),
    backlogMs: () => (log.unread * 1000) / sampleRate,
    renew(renewed) {
      credentials = credentialsOf(renewed.service, clock, random);
      if (!streaming) recognizer.reconfigured();
    },
    stop,
  };
}

/** Samples as the service takes them. */
export const encoders = {
  pcm: (samples: Int16Array) => new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
  ulaw: encodeMuLaw,
  alaw: encodeALaw,
};

/** The session's configuration that the settings ask for. */
export function rasrConfigOf(sis: Settings["sis"]): RasrConfig {
  return {
    audioFormat: sis.audio_format,
    property: sis.property,
    ...(sis.add_punc !== undefined && { addPunc: sis.add_punc }),
    ...(sis.digit_norm !== undefined && { digitNorm: sis.digit_norm }),
    ...(sis.vad_head !== undefined && { vadHead: sis.vad_head }),
    ...(sis.vad_tail !== undefined && { vadTail: sis.vad_tail }),
    ...(sis.max_seconds !== undefined && { maxSeconds: sis.max_seconds }),
    ...(sis.interim_results !== undefined && { interimResults: sis.interim_results }),
    ...(sis.vocabulary_id !== undefined && { vocabularyId: sis.vocabulary_id }),
    ...(sis.need_word_info !== undefined && { needWordInfo: sis.need_word_info }),
  };
}

/** What proves to the service who the agent is. */
export function credentialsOf(identity: Secrets["service"], clock: Clock, random: Random): Credentials {
  switch (identity.method) {
    case "none":
      return { authorize: () => Promise.resolve({}), refused() {}, expiresAtMs: () => null };
    case "aksk":
      return akskCredentials({ ...identity, clock });
    case "password":
      return passwordCredentials({ ...identity, clock, random });
    case "token":
      return tokenCredentials(identity.readToken);
  }
}

function sourceOf(settings: Settings, clock: Clock, random: Random, logger: Logger, muted: boolean): MutableSource {
  const { source } = settings.audio;
  const make = () => plainSourceOf(settings, clock, random, logger);
  return mutableSource(make, { muted, keepsRunning: source === "file" || source === "stdin" });
}

function plainSourceOf(settings: Settings, clock: Clock, random: Random, logger: Logger): AudioSource {
  const { source, recorder, device, path, baud, loop, speed } = settings.audio;
  const sampleRate = sampleRateOf(settings.sis.audio_format);
  switch (source) {
    case "microphone":
      return microphone({ recorder, device, sampleRate, clock, random, logger });
    case "file":
      return fileSource({ path: path ?? "", sampleRate, loop, speed, clock });
    case "stdin":
      return stdinSource({ input: process.stdin, sampleRate, clock });
    case "serial":
      return serialSource({ path: path ?? "", baudRate: baud, sampleRate, clock, random });
  }
}

/** The front panel, where there is one: what the fleet is told it shows, what its keys say is done. */
function connectPanel(parts: {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly fleet: Fleet;
  readonly latch: MuteLatch;
  readonly source: MutableSource;
  readonly gate: Gate;
}): Panel | null {
  const { settings, clock, random, logger, fleet, latch, source, gate } = parts;
  if (latch.muted) {
    const hint = `Press the panel's mute key; where there is no panel, stop the agent and delete ${latch.path}.`;
    logger.warn("the microphone is muted since before the start", { hint });
  }
  if (settings.panel === undefined) return null;

  const mute = muteSwitch(source, latch, logger);
  const panel = startPanel({
    port: settings.panel.port,
    baudRate: settings.panel.baud,
    clock,
    random,
    logger,
    muted: () => latch.muted,
    command(command) {
      switch (command) {
        case "talk":
          return gate.press();
        case "talk-end":
          return gate.release();
        case "mute":
        case "unmute":
          return mute(command === "mute");
      }
    },
    onFault: (fault) => fleet.notice({ type: "panel", fault }),
  });
  fleet.observe((message) => panel.tell(message));
  return panel;
}

function fleetOf(options: AgentOptions, boot: string, clock: Clock, random: Random): Fleet {
  const { settings, secrets, logger } = options;
  const { mqtt } = settings;
  return startFleet({
    identity: { fleet: settings.fleet, device: settings.device_id, boot },
    broker: mqtt === undefined ? null : { url: mqtt.url, protocol: mqtt.protocol, user: mqtt.user, ...secrets.broker },
    info: {
      version: options.version,
      build: options.build,
      os: `${platform()} ${release()}`,
      hardware: arch(),
      capabilities: ["recognition"],
      audioFormat: settings.sis.audio_format,
      configHash: options.configHash,
    },
    publishTranscripts: mqtt?.transcripts ?? false,
    stateDir: settings.state_dir,
    clock,
    random,
    logger,
  });
}
