import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { limits as serviceLimits } from "../sis/request.ts";
import type { Accounts } from "./accounts.ts";
import type { FaultRecord } from "./fault-plan.ts";
import type { FaultEntry } from "./faults.ts";
import type { AuthMode } from "./gateway.ts";
import type { SimulatorState } from "./ledger.ts";

/** The service's limits, ms. */
export interface SimulatorLimits {
  /** Audio in one session. */
  readonly continuousMs: number;
  readonly sentenceMs: number;
  readonly shortMs: number;
  /** Audio on one connection of the continuous mode. */
  readonly connectionMs: number;
  /** Without any message from the client for this long: SIS.0304. */
  readonly idleMs: number;
  /** Life of a token. */
  readonly tokenMs: number;
}

/** The limits of the real service: 5 h, 60 s, 60 s; 5 h; 20 s; 24 h. */
export const realLimits: SimulatorLimits = {
  continuousMs: serviceLimits.continuousSessionMs,
  sentenceMs: serviceLimits.shortSessionMs,
  shortMs: serviceLimits.shortSessionMs,
  connectionMs: serviceLimits.connectionAudioMs,
  idleMs: serviceLimits.clientSilenceMs,
  tokenMs: serviceLimits.tokenLifeMs,
};

/**
 * How synthesised texts sound. dtmf: their digits as DTMF, which the recogniser understands again, to the digit.
 * espeak: spoken by `espeak-ng`. auto: espeak where it is installed.
 */
export type VoiceKind = "auto" | "espeak" | "dtmf";
export const voiceKinds: readonly VoiceKind[] = ["auto", "espeak", "dtmf"];

export interface SimulatorOptions {
  /** Default 127.0.0.1. It is a test service: think twice before giving it to a network. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** Default none: everybody is let in. */
  readonly auth?: AuthMode;
  /** Default `testAccounts`. */
  readonly accounts?: Accounts;
  /** What differs from `realLimits`. */
  readonly limits?: Partial<SimulatorLimits>;
  /** Sentence mode: whether the service ENDs the session itself when the sentence is over. Default wait: it does not. */
  readonly sentenceEnd?: "auto" | "wait";
  /** Sound from this RMS up is voice, dBFS. Default -45. */
  readonly voiceDbfs?: number;
  /** How synthesised texts sound. Default auto: by espeak-ng where it is installed, else as DTMF. */
  readonly voice?: VoiceKind;
  /** How fast synthesised sound is sent, times real time. Default 4. */
  readonly speechRate?: number;
  /** How far the service's wall clock is ahead of this machine's, ms: dates, signatures, tokens. Default 0. */
  readonly clockOffsetMs?: number;
  /** Checked as a fault file is. Default none. */
  readonly faults?: readonly FaultEntry[];
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** A running simulator. Disposing ends all connections and frees the port. */
export interface Simulator extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `ws://host:port`: the endpoint for a client. */
  readonly url: string;
  /** `http://host:port`: IAM and control. */
  readonly httpUrl: string;
  /**
   * Adds a fault. Without a moment, or when its moment has passed, it strikes at the first opportunity.
   * @throws {Fault} config-invalid
   */
  addFault(fault: FaultEntry): FaultRecord;
  /** Takes back the faults that have not struck yet. */
  clearFaults(): void;
  /** All it has seen; the same as `GET /control/state`. */
  state(): SimulatorState;
}
