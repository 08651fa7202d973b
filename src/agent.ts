import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { openEars } from "./agent/ears.ts";
import { executorsOf } from "./agent/executors.ts";
import { fleetOptionsOf } from "./agent/fleet-options.ts";
import { lastWords, latchNames, openLatch } from "./agent/latch.ts";
import { recognizerMaker } from "./agent/make-recognizer.ts";
import { cpuMs, type LevelMeter, sentMeter } from "./agent/meters.ts";
import { openMuting } from "./agent/muting.ts";
import { connectPanel } from "./agent/panel.ts";
import { credentialsOf, sourceOf } from "./agent/parts.ts";
import { prometheusOf } from "./agent/prometheus-door.ts";
import { startRecognition } from "./agent/recognition.ts";
import { configHost, settingsInEffect } from "./agent/remote-settings.ts";
import { diskTrial } from "./agent/self-test.ts";
import { openSound } from "./agent/sound.ts";
import { takeStateFolder } from "./agent/state-folder.ts";
import { openStopping } from "./agent/stopping.ts";
import { startVoice } from "./agent/voice.ts";
import { levelOf } from "./audio/level.ts";
import type { Silencer, SourceEvent } from "./audio/source.ts";
import { systemClock } from "./base/clock.ts";
import type { Fault } from "./base/fault.ts";
import type { Logger } from "./base/logger.ts";
import { seededRandom } from "./base/random.ts";
import type { Settings } from "./config/schema.ts";
import type { Secrets } from "./config/secrets.ts";
import { settingsHash } from "./config/show.ts";
import { type FleetMessage, startFleet } from "./fleet/fleet.ts";
import type { Measurement } from "./fleet/metrics.ts";
import { serviceClock } from "./host/service-clock.ts";
import { type HostReading, watchHost } from "./host/watch.ts";
import type { Report } from "./recognition/report.ts";
import { logReport } from "./recognition/report-log.ts";
import { sampleRateOf } from "./sis/request.ts";
import type { Outcome as Spoken } from "./synthesis/outcome.ts";
import type { SayRequest } from "./synthesis/speech.ts";

export interface AgentOptions {
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly version: string;
  readonly build: string;
  readonly logger: Logger;
  /** Makes the log say more, or less; `fixed`: the settings have no say in it. Default: it stays as it is. */
  readonly logLevel?: { readonly set: (level: Settings["log_level"]) => void; readonly fixed: boolean };
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
  /** Speaks a text when its turn comes; resolves with what became of it. */
  say(request: SayRequest): Promise<Spoken>;
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

/** A stop waits so long for a pause between words, in which nothing is cut: all of it has to fit into 4.5 s. */
const lastPauseMs = 450;

/**
 * Whether sound is captured while a stop waits for its last results, because the next run can take it over from the disk:
 * an agent that is started again at once misses no more than it takes to start.
 */
function hearsToTheEnd({ buffer, audio }: Settings): boolean {
  return buffer.disk !== "off" && audio.source !== "file";
}

/**
 * Builds the parts, connects them, and unwinds them in reverse order. Decides only what is between parts: which settings need a
 * trial, and when recognition starts anew for fresh credentials.
 */
export function startAgent(options: AgentOptions): Agent {
  const { secrets, logger, onReport, onCapture } = options;
  const remote = settingsInEffect(options.settings, logger);
  let settings = options.settings;
  const useSettings = (to: Settings) => {
    if (to.log_level !== settings.log_level && options.logLevel?.fixed === false) options.logLevel.set(to.log_level);
    settings = to;
  };
  useSettings(remote.settings);
  const clock = systemClock;
  const boot = randomUUID();
  const random = seededRandom(`${settings.device_id} ${boot}`);
  const sampleRate = sampleRateOf(settings.sis.audio_format);
  let credentials = credentialsOf(secrets.service, clock, random);
  const folder = takeStateFolder(settings.state_dir, logger);
  const latchOf = (name: Silencer) =>
    openLatch(join(settings.state_dir, latchNames[name]), clock, logger, (fault) =>
      fleet.notice({ type: `${name}-disk`, fault }),
    );
  const latches = { mute: latchOf("mute"), stop: latchOf("stop") };
  const silencers = (["mute", "stop"] as const).filter((each) => latches[each].on);
  const source = sourceOf(settings, clock, random, logger, silencers);
  const setStopped = openStopping(source, latches.stop, logger);
  const muting = openMuting(source, latches.mute, logger, (muted) => voice.prompt(muted ? "mute" : "unmute"));
  const serviceTime = serviceClock(clock);
  const sent = sentMeter(sampleRate);
  let host: HostReading | null = null;

  const tell = (what: Report) => {
    if (what.type === "session") sound.checkAccounts();
    if (what.type === "session" && what.change === "started") voice.serviceAnswers();
    logReport(logger, what);
    fleet.report(what);
    onReport(what);
  };
  const report = (what: Report) => (what.type === "transcript" ? sound.whenNoted(() => tell(what)) : tell(what));
  const measure = (level: LevelMeter): Measurement => ({
    ledger: sound.log.ledger(),
    sentMs: sent.sentMs,
    replayedMs: sent.replayedMs,
    level: level.look(),
    cpuMs: cpuMs(),
    rssBytes: process.memoryUsage.rss(),
    diskFreeBytes: host?.diskFreeBytes ?? null,
    temperatureC: host?.temperatureC ?? null,
  });

  // What was wrong before a restart is over, unless it is told again at once, which may be before there is a fleet.
  const untold = [null, folder.fault];
  let onDisk = (fault: Fault | null): unknown => untold.push(fault);
  const sound = openSound({
    settings,
    boot,
    clock,
    logger,
    onGap: (gap) => report({ type: "gap", ...gap }),
    onDisk: (fault) => onDisk(fault),
  });
  const listening = settings.audio.source === "microphone";
  const ears = openEars(sampleRate, listening ? (health) => fleet.notice({ type: "sound", health }) : null);

  const tryDisk = diskTrial(settings.state_dir, clock);
  const fleet = startFleet({
    ...fleetOptionsOf(settings, secrets, { version: options.version, build: options.build }),
    stateDir: folder.path,
    identity: { fleet: settings.fleet, device: settings.device_id, boot },
    configHash: () => settingsHash(settings),
    executors: executorsOf({
      restartSession: () => recognition.restart(),
      setLogLevel: options.logLevel?.set,
      repeat: () => fleet.repeat(),
      mute: (muted) => muting.set(muted, "fleet"),
      stop: setStopped,
      say: (request) => voice.say(request),
      subject: () => ({
        disk: tryDisk,
        silenced: latches.mute.on || latches.stop.on,
        silentForMs: sound.log.silentForMs(),
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
        useSettings(to);
        sound.heardWith(to.sis);
        const onTrial = !isDeepStrictEqual([before.sis, before.buffer], [to.sis, to.buffer]);
        if (onTrial) await recognition.change(to);
        return { onTrial };
      }),
    },
    measure: () => measure(ears.levels.fleet),
    clock,
    random,
    logger,
  });
  if (options.onMessage !== undefined) fleet.follow(options.onMessage);
  // When the others are there that follow what the fleet is told.
  queueMicrotask(() => {
    onDisk = (fault) => fleet.notice({ type: "sound-disk", fault });
    for (const fault of untold) onDisk(fault);
    for (const type of ["mute-disk", "stop-disk"] as const) fleet.notice({ type, fault: null });
  });

  const voice = startVoice({
    settings,
    credentials: () => credentials,
    mute: () => sound.gate.mute("speaking"),
    fleet,
    clock,
    random,
    logger,
  });
  const irregularities = new Map<string, number>();
  const make = recognizerMaker({
    log: sound.log,
    credentials: () => credentials,
    serviceTime,
    sent,
    irregularities,
    boot,
    clock,
    random,
    logger,
  });
  const recognition = startRecognition({ settings, make, onReport: report, clock, sampleRate });
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
    measure: () => measure(ears.levels.prometheus),
    follow: (listener) => fleet.follow(listener),
  });

  const panel = connectPanel({ settings, clock, random, logger, fleet, muting, gate: sound.gate });

  let sourceFault: Fault | null = null;
  source.start((event) => {
    sound.take(event);
    if (event.type === "audio") {
      const tally = ears.heard(event.samples);
      voice.heard(event.samples);
      panel?.level(levelOf(tally).rmsDbfs);
      recognition.audioArrived();
    } else if (event.type !== "opened" && event.type !== "overrun") panel?.level(null);
    if (event.type === "muted") recognition.rest(event.muted);
    if (event.type === "ended") {
      sourceFault = event.fault;
      recognition.sourceEnded();
    }
    fleet.capture(event);
    onCapture?.(event);
  });

  // What an earlier run has left waits for no sound.
  recognition.audioArrived();

  voice.prompt("start");

  const deafness = Promise.withResolvers<undefined>();
  const stopCapture = () => {
    const stopped = source.stop();
    deafness.resolve(undefined);
    sound.end();
    return stopped;
  };

  async function unwind(reason: string): Promise<Outcome> {
    const silenced = voice.stop(deafness.promise);
    sound.beginEnd();
    const early = hearsToTheEnd(settings) ? null : stopCapture();
    await recognition.stop(early === null ? lastPauseMs : 0);
    const deaf = early ?? stopCapture();
    await sound.close();
    await Promise.all([deaf, silenced]);
    machine[Symbol.dispose]();
    logger.info("the agent has stopped", {
      reason,
      ...sound.log.ledger(),
      ...Object.fromEntries(irregularities),
    });
    const kept = lastWords(Object.values(latches), clock);
    // Side by side: a panel whose port hangs takes its time, and the fleet is to hear a goodbye all the same.
    await Promise.all([panel?.stop(), fleet.stop(reason), prometheus.stop(), kept]);
    for (const latch of Object.values(latches)) latch[Symbol.dispose]();
    folder[Symbol.dispose]();
    return { fault: sourceFault };
  }

  let unwinding: Promise<Outcome> | null = null;
  const stop = (reason: string) => {
    unwinding ??= unwind(reason);
    return unwinding;
  };
  return {
    say: (request) => voice.say(request),
    finished: recognition.stopped.then(() => stop("the source of sound is at its end")),
    backlogMs: () => (sound.log.unread * 1000) / sampleRate,
    renew(renewed) {
      credentials = credentialsOf(renewed.service, clock, random);
      voice.credentialsRenewed();
      if (recognition.phase !== "streaming") void recognition.restart();
    },
    stop,
  };
}
