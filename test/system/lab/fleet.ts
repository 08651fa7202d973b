import { type Clock, systemClock } from "../../../src/base/clock.ts";
import type { LogFields, Logger } from "../../../src/base/logger.ts";
import { type Random, seededRandom } from "../../../src/base/random.ts";
import { type BrokerTimings, brokerTimings, type RetryPolicy } from "../../../src/fleet/broker-policy.ts";
import {
  type BrokerAccess,
  type Fleet,
  type FleetMessage,
  type FleetOptions,
  startFleet,
} from "../../../src/fleet/fleet.ts";
import { idle } from "../../fleet/samples.ts";

const quick: RetryPolicy = { atLeastMs: 0, baseMs: 50, capMs: 200 };

/** As shipped, but for the waits that a test would have to sit through. */
export const quickTimings: BrokerTimings = {
  ...brokerTimings,
  retry: { ...brokerTimings.retry, network: quick, busy: quick },
  willDelaySeconds: 1,
};

export interface TestFleet extends AsyncDisposable {
  readonly fleet: Fleet;
  /** What was decided to be published. */
  readonly decided: readonly FleetMessage[];
  readonly log: readonly { readonly message: string; readonly fields: LogFields }[];
  /** Resolves with the first log line that holds `text`; rejects after 30 s. */
  logged(text: string): Promise<LogFields>;
}

export interface TestFleetOptions {
  readonly device?: string;
  readonly boot?: string;
  readonly timings?: BrokerTimings;
  readonly stateDir?: string;
  readonly publishTranscripts?: boolean;
  readonly homeAssistant?: boolean;
  readonly clock?: Clock;
  readonly executors?: FleetOptions["executors"];
  readonly config?: FleetOptions["config"];
  readonly random?: Random;
}

/** The types of the alarms that were raised so far, in order. */
export function raisedTypes({ log }: TestFleet): unknown[] {
  return log.filter(({ message }) => message === "alarm raised").map(({ fields }) => fields["type"]);
}

/** A real fleet room, as the agent starts it. */
export function startTestFleet(broker: BrokerAccess | null, options: TestFleetOptions = {}): TestFleet {
  const log: { message: string; fields: LogFields }[] = [];
  const decided: FleetMessage[] = [];
  const waiting = new Set<() => void>();
  const note = (message: string, fields: LogFields = {}) => {
    log.push({ message, fields });
    for (const look of waiting) look();
  };
  const logger: Logger = { debug: note, info: note, warn: note, error: note };
  const device = options.device ?? "kiosk-17";
  const fleet = startFleet({
    identity: { fleet: "lab", device, boot: options.boot ?? "boot-1" },
    broker,
    info: {
      version: "1.2.3",
      build: "abc1234",
      os: "Debian 12",
      hardware: "test",
      capabilities: ["rasr"],
      audioFormat: "pcm16k16bit",
    },
    configHash: () => "d34db33f",
    publishTranscripts: options.publishTranscripts ?? false,
    homeAssistant: options.homeAssistant ?? false,
    executors: options.executors ?? {},
    config: options.config ?? idle.config,
    measure: idle.measure,
    stateDir: options.stateDir ?? null,
    clock: options.clock ?? systemClock,
    random: options.random ?? seededRandom(`${device}-${process.pid}-${performance.now()}`),
    logger,
    timings: options.timings ?? quickTimings,
  });
  fleet.observe((message) => decided.push(message));

  function logged(text: string): Promise<LogFields> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const line = log.find(
          ({ message, fields }) => message.includes(text) || String(fields["error"]).includes(text),
        );
        if (line === undefined) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(line.fields);
      };
      const timer = setTimeout(() => {
        waiting.delete(look);
        reject(new Error(`no line with ${text} in ${JSON.stringify(log, null, 1)}`));
      }, 30_000);
      timer.unref(); // nobody may wait for it any more
      waiting.add(look);
      look();
    });
  }
  return { fleet, decided, log, logged, [Symbol.asyncDispose]: () => fleet.stop("test over") };
}
