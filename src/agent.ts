import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { executorsOf } from "./agent/executors.ts";
import { fleetOptionsOf } from "./agent/fleet-options.ts";
import { cpuMs, type LevelMeter, levelMeter, sentMeter } from "./agent/meters.ts";
import { prometheusOf } from "./agent/prometheus-door.ts";
import { type RecognizerEar, startRecognition } from "./agent/recognition.ts";
import { configHost, settingsInEffect } from "./agent/remote-settings.ts";
import { fileSource } from "./audio/file-source.ts";
import { encodeALaw, encodeMuLaw } from "./audio/g711.ts";
import { freshMeter, stepHealth, tallyOf } from "./audio/level.ts";
import { AudioLog } from "./audio/log.ts";
import { microphone } from "./audio/microphone.ts";
import type { AudioSource, SourceEvent } from "./audio/source.ts";
import { stdinSource } from "./audio/stdin-source.ts";
import { type Clock, systemClock } from "./base/clock.ts";
import { Fault } from "./base/fault.ts";
import type { Logger } from "./base/logger.ts";
import { type Random, seededRandom } from "./base/random.ts";
import type { Settings } from "./config/schema.ts";
import type { Secrets } from "./config/secrets.ts";
import { settingsHash } from "./config/show.ts";
import { startFleet } from "./fleet/fleet.ts";
import type { Measurement } from "./fleet/metrics.ts";
import { serviceClock } from "./host/service-clock.ts";
import { type HostReading, watchHost } from "./host/watch.ts";
import { noLull, stepLull } from "./recognition/lull.ts";
import { Recognizer } from "./recognition/recognizer.ts";
import type { Report } from "./recognition/report.ts";
import { logReport } from "./recognition/report-log.ts";
import { akskCredentials, type Credentials, passwordCredentials, tokenCredentials } from "./sis/credentials.ts";
import { dial } from "./sis/dial.ts";
import { encodingOf, type RasrConfig, rasrUrl, sampleRateOf } from "./sis/request.ts";

export interface AgentOptions {
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly version: string;
  readonly build: string;
  readonly logger: Logger;
  /** Makes the log say more, or less. Default: it stays as it is. */
  readonly setLogLevel?: (level: Settings["log_level"]) => void;
  /** Told everything that recognition reports, transcripts among it. Must not block. */
  readonly onReport: (report: Report) => void;
  /** Told everything that the source of sound reports, the sound among it. Must not block. */
  readonly onCapture?: (event: SourceEvent) => void;
}

export interface Agent {
  /** Resolves when everything is let go of: after `stop`, or by itself when a finite source is recognised to its end. */
  readonly finished: Promise<Outcome>;
  /** Ends in good order: last results, goodbye to the fleet. Repeatable. */
  stop(reason: string): Promise<Outcome>;
}

/** How the agent ended; `fault`: why its source of sound can never work. */
export interface Outcome {
  readonly fault: Fault | null;
}

/** Builds the parts, connects them, and unwinds them in reverse order. Decides nothing. */
export function startAgent(options: AgentOptions): Agent {
  const { secrets, logger, onReport, onCapture } = options;
  const remote = settingsInEffect(options.settings, logger);
  let settings = remote.settings;
  const clock = systemClock;
  const boot = randomUUID();
  const random = seededRandom(`${settings.device_id} ${boot}`);
  const sampleRate = sampleRateOf(settings.sis.audio_format);
  const credentials = credentialsOf(secrets.service, clock, random);
  const source = sourceOf(settings, clock, random, logger);
  const serviceTime = serviceClock(clock);
  const sent = sentMeter(sampleRate);
  const levels = { fleet: levelMeter(), prometheus: levelMeter() };
  let host: HostReading | null = null;
  let lastSoundMs: number | null = null;

  const measure = (level: LevelMeter): Measurement => ({
    ledger: log.ledger(),
    sentMs: sent.sentMs,
    replayedMs: sent.replayedMs,
    level: level.look(),
    cpuMs: cpuMs(),
    rssBytes: process.memoryUsage.rss(),
    diskFreeBytes: host?.diskFreeBytes ?? null,
    temperatureC: host?.temperatureC ?? null,
  });
  const report = (what: Report) => {
    logReport(logger, what);
    fleet.report(what);
    onReport(what);
  };
  const log = new AudioLog({
    sampleRate,
    capacityMs: settings.buffer.memory_seconds * 1000,
    live: settings.audio.source !== "file" || settings.audio.speed === 1,
    clock,
    onGap: (gap) => report({ type: "gap", ...gap }),
  });
  const fleet = startFleet({
    ...fleetOptionsOf(settings, secrets, { version: options.version, build: options.build }),
    identity: { fleet: settings.fleet, device: settings.device_id, boot },
    configHash: () => settingsHash(settings),
    executors: executorsOf({
      restartSession: () => recognition.restart(),
      setLogLevel: options.setLogLevel,
      repeat: () => fleet.repeat(),
      subject: () => ({
        stateDir: settings.state_dir,
        silentForMs: lastSoundMs === null ? null : clock.monotonicMs() - lastSoundMs,
        recognition: recognition.phase,
        clockAheadMs: serviceTime.aheadMs(),
        host,
        alarms: fleet.alarms().map(({ type }) => type),
      }),
    }),
    config: {
      initial: remote.config,
      host: configHost(options.settings, async (to) => {
        const before = settings;
        settings = to;
        options.setLogLevel?.(to.log_level);
        const onTrial = !isDeepStrictEqual([before.sis, before.buffer], [to.sis, to.buffer]);
        if (onTrial) await recognition.change(to);
        return { onTrial };
      }),
    },
    measure: () => measure(levels.fleet),
    clock,
    random,
    logger,
  });
  let sessions = 0;
  let lull = noLull;
  const makeRecognizer = (on: Settings, ear: RecognizerEar) => {
    const url = rasrUrl(on.sis.endpoint, on.sis.project_id, on.sis.mode);
    const encode = encoders[encodingOf(on.sis.audio_format)];
    return new Recognizer({
      log,
      dial: (listener, mark) =>
        dial({ url, credentials, clock, listener, mark, onDate: (ms) => serviceTime.heard(ms) }),
      credentialsRefused: (serverDateMs) => credentials.refused({ serverDateMs }),
      mode: on.sis.mode,
      config: rasrConfigOf(on.sis),
      chunkMs: on.sis.chunk_ms,
      encode: (samples) => {
        sent.sent(samples.length, log.cursor);
        lull = stepLull(lull, samples, sampleRate);
        if (lull.quiet) ear.quiet();
        return encode(samples);
      },
      // A file that is played fast is a source whose real time is fast.
      catchUpRate: on.buffer.catch_up_rate * (on.audio.source === "file" ? on.audio.speed : 1),
      clock,
      random,
      logger,
      nextSessionId: () => `${boot.slice(0, 8)}-${++sessions}`,
      onReport: (what) => ear.report(what),
    });
  };
  const recognition = startRecognition(settings, makeRecognizer, report, clock);
  const machine = watchHost({
    folder: settings.state_dir,
    clock,
    onReading(reading) {
      host = reading;
      fleet.notice({ type: "temperature", hot: reading.hot, celsius: reading.temperatureC });
      fleet.notice({ type: "power", tooLow: reading.underVoltage === true });
      const aheadMs = serviceTime.aheadMs();
      if (aheadMs !== null) fleet.notice({ type: "clock", aheadMs });
    },
  });
  const prometheus = prometheusOf(settings, options.version, logger, {
    measure: () => measure(levels.prometheus),
    observe: (listener) => fleet.observe(listener),
  });

  const listening = settings.audio.source === "microphone";
  let meter = freshMeter;
  const heard = (samples: Int16Array) => {
    lastSoundMs = clock.monotonicMs();
    const tally = tallyOf(samples);
    for (const level of Object.values(levels)) level.heard(tally);
    if (!listening) return;
    const before = meter.health;
    meter = stepHealth(meter, tally, sampleRate);
    if (meter.health !== before) fleet.notice({ type: "sound", health: meter.health });
  };

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
        heard(event.samples);
        recognition.audioArrived();
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
      case "ended":
        sourceFault = event.fault;
        recognition.sourceEnded();
        break;
    }
    fleet.capture(event);
    onCapture?.(event);
  });

  async function unwind(reason: string): Promise<Outcome> {
    const silenced = source.stop();
    await recognition.stop();
    log.close();
    await silenced;
    machine[Symbol.dispose]();
    logger.info("the agent has stopped", {
      reason,
      ...log.ledger(),
      ...Object.fromEntries(recognition.irregularities),
    });
    await Promise.all([fleet.stop(reason), prometheus.stop()]);
    return { fault: sourceFault };
  }

  let unwinding: Promise<Outcome> | null = null;
  const stop = (reason: string) => {
    unwinding ??= unwind(reason);
    return unwinding;
  };
  return { finished: recognition.stopped.then(() => stop("the source of sound is at its end")), stop };
}

const encoders = {
  pcm: (samples: Int16Array) => new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
  ulaw: encodeMuLaw,
  alaw: encodeALaw,
};

function rasrConfigOf(sis: Settings["sis"]): RasrConfig {
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

function credentialsOf(identity: Secrets["service"], clock: Clock, random: Random): Credentials {
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

function sourceOf(settings: Settings, clock: Clock, random: Random, logger: Logger): AudioSource {
  const { source, recorder, device, path, loop, speed, gate } = settings.audio;
  const sampleRate = sampleRateOf(settings.sis.audio_format);
  if (gate !== "always") throw unavailable(`audio.gate = "${gate}"`, '"always"');
  switch (source) {
    case "microphone":
      return microphone({ recorder, device, sampleRate, clock, random, logger });
    case "file":
      return fileSource({ path: path ?? "", sampleRate, loop, speed, clock });
    case "stdin":
      return stdinSource({ input: process.stdin, sampleRate, clock });
    case "serial":
      throw unavailable('audio.source = "serial"', '"microphone", "file" or "stdin"');
  }
}

function unavailable(setting: string, instead: string): Fault {
  return new Fault("config-invalid", `${setting} is not available in this version`, { hint: `Use ${instead}.` });
}
