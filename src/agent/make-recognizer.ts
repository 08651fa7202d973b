import type { AudioLog } from "../audio/log.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Settings } from "../config/schema.ts";
import type { ServiceClock } from "../host/service-clock.ts";
import { Recognizer } from "../recognition/recognizer.ts";
import type { Credentials } from "../sis/credentials.ts";
import { dial } from "../sis/dial.ts";
import { rasrUrl } from "../sis/request.ts";
import type { SentMeter } from "./meters.ts";
import { encoderOf, rasrConfigOf } from "./parts.ts";
import type { RecognizerEar } from "./recognition.ts";

/** What all recognizers of a run have in common, one after the other. */
export interface Surroundings {
  readonly log: AudioLog;
  /** Those of now: they may be others by the next connection. */
  readonly credentials: () => Credentials;
  readonly serviceTime: ServiceClock;
  readonly sent: SentMeter;
  /** What was odd, by its kind, counted over the whole run. */
  readonly irregularities: Map<string, number>;
  /** Names this run. */
  readonly boot: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Makes recognizers, each on the settings of its time. */
export function recognizerMaker(surroundings: Surroundings): (on: Settings, ear: RecognizerEar) => Recognizer {
  const { log, credentials, serviceTime, sent, irregularities, boot, clock, random, logger } = surroundings;
  let sessions = 0;
  return (on, ear) => {
    const url = rasrUrl(on.sis.endpoint, on.sis.project_id, on.sis.mode);
    return new Recognizer({
      log,
      dial: (listener, mark) =>
        dial({
          url,
          credentials: credentials(),
          clock,
          listener,
          mark,
          onDate: (serverMs) => serviceTime.heard(serverMs),
        }),
      credentialsRefused: (serverDateMs) => credentials().refused({ serverDateMs }),
      credentialsGoodForMs: () => {
        const expiresAtMs = credentials().expiresAtMs();
        return expiresAtMs === null ? null : expiresAtMs - clock.wallMs();
      },
      mode: on.sis.mode,
      config: rasrConfigOf(on.sis),
      chunkMs: on.sis.chunk_ms,
      encode: encoderOf(on.sis),
      onSent(samples) {
        sent.sent(samples.length, log.cursor);
        ear.sent(samples);
      },
      catchUpRate: on.buffer.catch_up_rate,
      sourceSpeed: on.audio.source === "file" ? on.audio.speed : 1,
      clock,
      random,
      logger,
      irregularities,
      nextSessionId: () => `${boot.slice(0, 8)}-${++sessions}`,
      onReport: (what) => ear.report(what),
    });
  };
}
