import type { Fault } from "../base/fault.ts";

/** What kind of trouble an error is; decides what is done about it, and which alarm it raises. */
export type ErrorClass =
  /** Transient trouble of the service. */
  | "service"
  /** The service does not accept who we say we are. */
  | "credentials"
  /** The account lacks a right, a subscription, money: only a person can mend it. */
  | "account"
  /** Too much asked in too short a time. */
  | "throttled"
  /** The same request will fail again. */
  | "config"
  /** The service got no audio. */
  | "silence"
  /** The service could not decode the audio. */
  | "audio"
  /** Our messages came in an order that the service does not take. */
  | "sequence"
  /** The service could not be reached, or the connection broke. */
  | "network";

/** What a client does about an error. */
export type Action = "back-off" | "renew-credentials" | "hold" | "check-capture" | "new-session" | "reconnect";

/** An error, looked up. */
export interface Diagnosis {
  /** The code as it is reported, in its usual spelling: `SIS.0304`, `APIGW.0301`, `HTTP.503`, `link-dead`. */
  readonly code: string;
  /** false: the catalogue does not list it. */
  readonly known: boolean;
  readonly class: ErrorClass;
  readonly action: Action;
  /** What it means, a phrase. */
  readonly meaning: string;
  /** What a person should do, in plain words. */
  readonly hint: string;
}

export function diagnose(_code: string): Diagnosis {
  throw new Error("not yet");
}
export function diagnoseStatus(_httpStatus: number): Diagnosis {
  throw new Error("not yet");
}
export function diagnoseFault(_fault: Fault): Diagnosis {
  throw new Error("not yet");
}
