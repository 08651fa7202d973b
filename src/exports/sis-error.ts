import { type Diagnosis, endedUnasked } from "../sis/catalogue.ts";
import { diagnoseEnding, type LinkEnding } from "../sis/link-ending.ts";

/** A session that came to its end in another way than asked for, looked up in the catalogue of errors. */
export class SisError extends Error {
  readonly diagnosis: Diagnosis;
  /** For the vendor's support; null: the service gave none. */
  readonly traceId: string | null;

  constructor(diagnosis: Diagnosis, message: string, traceId: string | null, cause?: unknown) {
    super(`${diagnosis.code}: ${message}`, cause === undefined ? undefined : { cause });
    this.name = "SisError";
    this.diagnosis = diagnosis;
    this.traceId = traceId;
  }
}

const full: Diagnosis = {
  code: "session-full",
  known: true,
  class: "audio",
  action: "new-session",
  meaning: "a session takes no more sound than this",
  hint: "Send the rest in another session, from where the last result ends.",
};

/** EXCEEDED_AUDIO: what was sent after it is ignored. */
export function sessionFull(traceId: string | null): SisError {
  return new SisError(full, "the service ignores what is longer than a session may be", traceId);
}

export function unaskedEnd(reason: string, traceId: string | null): SisError {
  return new SisError(endedUnasked, `the service ended the session unasked, reason ${reason}`, traceId);
}

/** What to tell of a connection that has ended. What the caller's own credentials have thrown is the caller's. */
export function errorOfEnding(ending: LinkEnding): Error {
  const { diagnosis, message, fault } = diagnoseEnding(ending);
  if (fault?.code === "internal" && fault.cause instanceof Error) return fault.cause;
  return new SisError(diagnosis, message, null, fault ?? undefined);
}
