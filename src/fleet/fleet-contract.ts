import type { SourceEvent } from "../audio/source.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Report } from "../recognition/report.ts";
import type { SpeechNews } from "../synthesis/outcome.ts";
import type { AlarmRecord } from "./alarms.ts";
import type { BrokerAccess } from "./broker-access.ts";
import type { BrokerTimings } from "./broker-policy.ts";
import type { Executors } from "./command-desk.ts";
import type { Condition } from "./condition.ts";
import type { ConfigHost } from "./config-desk.ts";
import type { Measurement } from "./metrics.ts";
import type { DeviceInfo } from "./payloads.ts";
import type { RemoteConfig } from "./remote-config-file.ts";
import type { Payload } from "./schema.ts";
import type { TopicOwner } from "./topics.ts";

// What the fleet's room asks of the agent, and what it gives.

export interface FleetIdentity extends TopicOwner {
  /** New at each start of the agent. */
  readonly boot: string;
}

/** One message as the fleet would see it. */
export interface FleetMessage {
  readonly topic: string;
  readonly payload: Payload;
}

export interface FleetOptions {
  readonly identity: FleetIdentity;
  /** null: alarms are decided and logged, nothing is published, nothing comes in. */
  readonly broker: BrokerAccess | null;
  readonly info: DeviceInfo;
  /** Changes when a setting in effect does. */
  readonly configHash: () => string;
  /** Publish what was said. Off unless the user asks for it. */
  readonly publishTranscripts: boolean;
  /** Announce the device to Home Assistant. Off unless the user asks for it. */
  readonly homeAssistant: boolean;
  /** A folder of its own for what survives a restart: alarms, messages, commands, the fleet's settings; null: nothing does. */
  readonly stateDir: string | null;
  /** What carries out the fleet's commands. */
  readonly executors: Executors;
  /** Who runs on the fleet's settings, and on which now. */
  readonly config: { readonly host: ConfigHost; readonly initial: RemoteConfig };
  /** For `up/metrics`. */
  readonly measure: () => Measurement;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Default: `brokerTimings`. */
  readonly timings?: BrokerTimings;
}

/** The agent's voice to its fleet, and its ear. Nothing here throws or blocks, whatever the broker does. */
export interface Fleet {
  /** Takes a report of recognition. */
  report(report: Report): void;
  /** Takes an event of the source of sound. */
  capture(event: SourceEvent): void;
  /** Takes what a sensor or a meter says; only what is new is acted upon. */
  notice(condition: Condition): void;
  /** Takes a failure to get speech from the service, or what became of a text. */
  speech(told: SpeechNews): void;
  /** Calls `listener` with every message when it is decided, broker or not. Disposing ends that. */
  observe(listener: (message: FleetMessage) => void): Disposable;
  /** Like `observe`, and at once with the alarms that stand, be it from before a restart: for who shows how things are. */
  follow(listener: (message: FleetMessage) => void): Disposable;
  /** Says again all that is so: info, state, alarms, settings, metrics. */
  repeat(): void;
  /** The alarms that are active. */
  alarms(): readonly AlarmRecord[];
  /** Says goodbye (1.5 s at most) and lets go of the broker and every timer. Repeatable; later reports are ignored. */
  stop(reason: string): Promise<void>;
}
