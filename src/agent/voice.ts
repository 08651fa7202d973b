import { join } from "node:path";
import { type Ducking, startDucking } from "../audio/ducking.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Settings } from "../config/schema.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { Credentials } from "../sis/credentials.ts";
import { dial } from "../sis/dial.ts";
import { sampleRateOf } from "../sis/request.ts";
import { type RttsConfig, rttsUrl } from "../sis/rtts.ts";
import { SpeechCache } from "../synthesis/cache.ts";
import { HalfDuplex } from "../synthesis/half-duplex.ts";
import type { Outcome } from "../synthesis/outcome.ts";
import { type Occasion, Prompts } from "../synthesis/prompts.ts";
import type { SpeechError } from "../synthesis/report.ts";
import type { Sink } from "../synthesis/sink.ts";
import { openSpeaker } from "../synthesis/speaker.ts";
import { type SayRequest, Speech } from "../synthesis/speech.ts";

interface Surroundings {
  readonly settings: Pick<Settings, "sis" | "synthesis" | "state_dir" | "audio">;
  /** Those in use now. */
  readonly credentials: () => Credentials;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface SpeechSurroundings extends Surroundings {
  readonly onError: (error: SpeechError) => void;
  /** The service has given all the sound of a piece. */
  readonly onFetched: () => void;
  /** What became of a text that was to be heard. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** The loudspeaker sounds from now on, or does no more. */
  readonly onSpeaking: (speaking: boolean) => void;
  /** Somebody who speaks makes it quieter. Default: nobody does. */
  readonly ducking?: Ducking | null;
  /** What texts are spoken into. Default: the loudspeaker of the settings. */
  readonly openSink?: () => Sink;
}

/** The agent's voice. */
export interface Voice {
  /** Speaks a text when its turn comes; resolves with what became of it. */
  say(request: SayRequest): Promise<Outcome>;
  /** Says what is to be said on this occasion, if anything. */
  prompt(occasion: Occasion): void;
  /** Takes what the microphone hears. */
  heard(samples: Int16Array): void;
  /** The service can be reached: prompts that are not kept yet are fetched. */
  serviceAnswers(): void;
  /** The credentials have been exchanged. */
  credentialsRenewed(): void;
  /**
   * Ends at once; resolves when everything is let go of.
   * @param deaf resolves when the microphone hears nothing any more: the room may echo for longer than we speak
   */
  stop(deaf: Promise<unknown>): Promise<void>;
}

/**
 * The voice in an agent: it mutes the microphone while it speaks, tells the fleet what went wrong, and speaks of alarms.
 * @param options.mute nothing of what is captured from now on is sent, until what it gives is disposed
 */
export function startVoice(
  options: Surroundings & { readonly mute: () => Disposable; readonly fleet: Pick<Fleet, "speech" | "observe"> },
): Voice {
  const { settings, clock, logger, mute, fleet } = options;
  const { barge_in: bargeIn, tail_ms: tailMs, duck_db: duckDb } = settings.synthesis;
  // A file is not in the room.
  const inRoom = settings.audio.source !== "file";
  const listens = bargeIn && duckDb > 0 && inRoom;
  const ducking = listens ? startDucking(sampleRateOf(settings.sis.audio_format), clock, logger) : null;
  const halfDuplex = new HalfDuplex(clock, tailMs, mute);
  const speech = speechOf({
    ...options,
    ducking,
    onError: (error) => fleet.speech(error),
    onFetched: () => fleet.speech({ result: "fetched" }),
    onOutcome: (outcome) => fleet.speech(outcome),
    onSpeaking(speaking) {
      if (!bargeIn && inRoom) halfDuplex.speaking(speaking);
    },
  });
  const { prompt_start: start, prompt_mute, prompt_unmute: unmute, prompt_alarm: alarm } = settings.synthesis;
  const prompts = new Prompts(speech, { start, mute: prompt_mute, unmute, alarm }, clock);
  const observing = fleet.observe(({ payload }) => {
    if ("severity" in payload && payload.status === "active") prompts.alarm(payload.id);
  });
  return {
    say: (request) => speech.say(request),
    prompt: (occasion) => prompts.say(occasion),
    heard: (samples) => ducking?.heard(samples),
    serviceAnswers: () => prompts.prepare(),
    credentialsRenewed: () => speech.credentialsRenewed(),
    async stop(deaf) {
      observing[Symbol.dispose]();
      await speech.stop();
      await deaf;
      halfDuplex[Symbol.dispose]();
    },
  };
}

/** Builds what speaks: the service's synthesis, the loudspeaker, the kept prompts. */
export function speechOf(options: SpeechSurroundings): Speech {
  const {
    settings,
    credentials,
    clock,
    random,
    logger,
    ducking = null,
    onError,
    onFetched,
    onOutcome,
    onSpeaking,
  } = options;
  const { synthesis, sis } = settings;
  const { player, device, gain_db: gainDb, duck_db: duckDb, sample_rate: sampleRate } = synthesis;
  const megabytes = synthesis.cache_megabytes;
  const url = rttsUrl(sis.endpoint, sis.project_id);
  const duckedDb = ducking === null ? undefined : () => (ducking.active ? duckDb : 0);
  const speaker = () => openSpeaker({ player, device, sampleRate, gainDb, duckedDb, clock, logger, onSpeaking });
  return new Speech({
    service: {
      dial: (listener) => dial({ url, credentials: credentials(), clock, listener, mark: () => 0 }),
      credentialsRefused: (serverDateMs) => credentials().refused({ serverDateMs }),
      clock,
      random,
      onError: (error) => {
        logSpeechError(logger, error);
        onError(error);
      },
      onFetched,
      onIrregularity: (irregularity) => logger.warn("synthesis did not keep to its protocol", { irregularity }),
    },
    config: rttsConfigOf(synthesis),
    openSink: options.openSink ?? speaker,
    cache: megabytes === 0 ? null : new SpeechCache(join(settings.state_dir, "speech"), megabytes * 1_000_000, logger),
    onOutcome: (outcome) => {
      logOutcome(logger, outcome);
      onOutcome(outcome);
    },
    clock,
  });
}

function rttsConfigOf(synthesis: Settings["synthesis"]): RttsConfig {
  const { audio_format: audioFormat, sample_rate: sampleRate, property, speed, pitch, volume } = synthesis;
  return { audioFormat, sampleRate, property, speed, pitch, volume };
}

/** What was to be said never gets into the log. */
function logSpeechError(logger: Logger, error: SpeechError): void {
  const { kind, code, message, traceId, action, attempt, retryInMs, hint } = error;
  const level = retryInMs === null ? "error" : "warn";
  logger[level](`synthesis: ${kind} ${code}: ${message}`, { action, attempt, retryInMs, traceId, hint });
}

function logOutcome(logger: Logger, outcome: Outcome): void {
  switch (outcome.result) {
    case "spoken":
      logger.info("a text was spoken", { spokenMs: outcome.spokenMs, firstSoundMs: outcome.firstSoundMs });
      break;
    case "unspoken": // said already, with the error
      break;
    case "unheard": {
      const { code, message, hint } = outcome.fault;
      logger.error(`a text could not be heard: ${message}`, { code, hint });
      break;
    }
    case "cancelled":
    case "refused":
      logger.info(`a text was ${outcome.result}`, { reason: outcome.reason });
      break;
    case "expired":
      logger.warn("a text was not spoken: its time had passed");
      break;
  }
}
