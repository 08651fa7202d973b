import type { Action, ErrorClass } from "./catalogue.ts";

/** How an error reached us. The first two are the service's own words for it. */
export type ErrorKind = "ERROR" | "FATAL_ERROR" | "REFUSED" | "UNREACHABLE" | "LOST" | "PROTOCOL";

/** One error, classified: what events and alarms are made of. */
export interface ErrorReport {
  readonly kind: ErrorKind;
  /** The service's or gateway's code (`SIS.0304`, `APIGW.0301`), `HTTP.503`, or a fault code (`link-dead`). */
  readonly code: string;
  /** Bounded and printable. */
  readonly message: string;
  readonly traceId: string | null;
  readonly class: ErrorClass;
  /** What is done about it. */
  readonly action: Action;
  /** Failures in a row, this one included. */
  readonly attempt: number;
  /** When it is tried again; null: not by itself. */
  readonly retryInMs: number | null;
  /** What a person should do. */
  readonly hint: string;
}
