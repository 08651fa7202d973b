import type { SourceEvent } from "../audio/source.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Report } from "../recognition/report.ts";
import type { Payload } from "./schema.ts";
import type { TopicOwner } from "./topics.ts";

export interface FleetIdentity extends TopicOwner {
  /** New at each start of the agent. */
  readonly boot: string;
}

/** How to reach the broker. Secrets are values here, never paths, and are never logged. */
export interface BrokerAccess {
  /** `mqtt://` or `mqtts://`, host, optional port; no user or password in it. */
  readonly url: string;
  /** 5, or 4 for MQTT 3.1.1. */
  readonly protocol: 4 | 5;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** PEM texts. Without `ca` the system's authorities are trusted. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** The facts of `up/info`. */
export interface DeviceInfo {
  readonly version: string;
  readonly build: string;
  readonly os: string;
  readonly hardware: string;
  readonly capabilities: readonly string[];
  readonly audioFormat: string;
  readonly configHash: string;
}

/** One message as the fleet would see it. */
export interface FleetMessage {
  readonly topic: string;
  readonly payload: Payload;
}

export interface FleetOptions {
  readonly identity: FleetIdentity;
  /** null: alarms are decided and logged, nothing is published. */
  readonly broker: BrokerAccess | null;
  readonly info: DeviceInfo;
  /** Publish what was said. Off unless the user asks for it. */
  readonly publishTranscripts: boolean;
  /** Where active alarms survive a restart, so that one raised before it is cleared after it; null: nowhere. */
  readonly alarmFile: string | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The agent's voice to its fleet. Nothing here throws or blocks, whatever the broker does. */
export interface Fleet {
  /** Takes a report of recognition. */
  report(report: Report): void;
  /** Takes an event of the source of sound. */
  capture(event: SourceEvent): void;
  /** Calls `listener` with every message when it is decided, broker or not. Disposing ends that. */
  observe(listener: (message: FleetMessage) => void): Disposable;
  /** How many alarms were raised and cleared since the start. */
  alarmCounts(): { readonly raised: number; readonly cleared: number };
  /** Says goodbye (2 s at most) and lets go of the broker and every timer. Repeatable. */
  stop(reason: string): Promise<void>;
}

/** Starts reporting. Throws Fault `config-invalid` for an identity or a broker setting that can never work. */
export function startFleet(options: FleetOptions): Fleet {
  throw new Error(`not built yet: ${options.identity.device}`);
}
