// The global names of Node are getters, called anew with each message.
import { Buffer } from "node:buffer";
import { standardInput } from "../audio/byte-input.ts";
import { fileSource } from "../audio/file-source.ts";
import { encodeALaw, encodeMuLaw } from "../audio/g711.ts";
import { microphone } from "../audio/microphone.ts";
import { type MutableSource, mutableSource } from "../audio/mutable-source.ts";
import { serialSource } from "../audio/serial-source.ts";
import type { AudioSource, Silencer } from "../audio/source.ts";
import { stdinSource } from "../audio/stdin-source.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Settings } from "../config/schema.ts";
import type { Secrets } from "../config/secrets.ts";
import { akskCredentials, type Credentials, passwordCredentials, tokenCredentials } from "../sis/credentials.ts";
import { encodingOf, type RasrConfig, sampleRateOf } from "../sis/request.ts";

const encoders = {
  // A Buffer, as the WebSocket would make of anything else. It is the log's memory, and so is a `slice` of it.
  pcm: (samples: Int16Array) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength),
  ulaw: encodeMuLaw,
  alaw: encodeALaw,
};

/** Samples to the bytes that the settings' audio format names. */
export function encoderOf(sis: Settings["sis"]): (samples: Int16Array) => Uint8Array {
  return encoders[encodingOf(sis.audio_format)];
}

/** What START asks the service for. */
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

/** How the agent proves to the service who it is. */
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

/** Where sound comes from. @param silencedBy it is to begin silenced */
export function sourceOf(
  settings: Settings,
  clock: Clock,
  random: Random,
  logger: Logger,
  silencedBy: readonly Silencer[],
): MutableSource {
  const { source } = settings.audio;
  const make = () => plainSourceOf(settings, clock, random, logger);
  return mutableSource(make, { silencedBy, keepsRunning: source === "file" || source === "stdin" });
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
      return stdinSource({ input: standardInput(), sampleRate, clock });
    case "serial":
      return serialSource({ path: path ?? "", baudRate: baud, sampleRate, clock, random });
  }
}
