import type { IncomingMessage } from "node:http";
import { Fault, printable } from "../base/fault.ts";
import { type Diagnosis, diagnoseFault, diagnoseRefusal } from "./catalogue.ts";
import { parseHttpDate, parseRefusalBody, parseRetryAfter, retryAfterOf } from "./http-answer.ts";
import { explainNetworkError } from "./network-errors.ts";

/** How a link came to its end. */
export type LinkEnding =
  /** The upgrade was answered with an HTTP status instead. */
  | {
      readonly how: "refused";
      readonly diagnosis: Diagnosis;
      /** What the service said about it, bounded and printable. */
      readonly message: string;
      readonly retryAfterMs: number | null;
      /** The answer's Date: what the service's clock says; null: there is none, or it is another's. */
      readonly serverDateMs: number | null;
    }
  /**
   * It never opened: DNS, TCP, TLS, something that speaks no WebSocket (link-unreachable), no answer (link-timeout), no
   * credentials (their fault). `retryAfterMs`: what IAM asked for, where it gave no token.
   */
  | { readonly how: "unreachable"; readonly fault: Fault; readonly retryAfterMs: number | null }
  /** It was open, or was given up by us before. `asked`: we ended it. Code 1006: without a closing handshake. */
  | { readonly how: "closed"; readonly code: number; readonly reason: string; readonly asked: boolean }
  /** It was open and no longer answers pings (link-dead). */
  | { readonly how: "dead"; readonly fault: Fault };

/** What an ending means to whoever wanted the connection to go on. */
export interface EndingDiagnosis {
  readonly kind: "REFUSED" | "UNREACHABLE" | "LOST";
  readonly diagnosis: Diagnosis;
  /** What happened, bounded and printable. */
  readonly message: string;
  readonly retryAfterMs: number | null;
  readonly serverDateMs: number | null;
  /** Whether fresh credentials may be the mend. Where IAM gave none, it refused the very ones that a renewal would send. */
  readonly renewable: boolean;
  /** null: the service's own refusal. */
  readonly fault: Fault | null;
}

/** Looks up an ending that nobody asked for. */
export function diagnoseEnding(ending: LinkEnding): EndingDiagnosis {
  switch (ending.how) {
    case "refused": {
      const { diagnosis, message, retryAfterMs, serverDateMs } = ending;
      return { kind: "REFUSED", diagnosis, message, retryAfterMs, serverDateMs, renewable: true, fault: null };
    }
    case "unreachable":
      return { ...ownFault("UNREACHABLE", ending.fault), retryAfterMs: ending.retryAfterMs, renewable: false };
    case "dead":
      return ownFault("LOST", ending.fault);
    case "closed": {
      const why = ending.reason === "" ? "" : `: ${ending.reason}`;
      const message = `the connection ended with close code ${ending.code}${why}`;
      // Without a closing handshake it is the network's end, with one it was somebody's will.
      const hint = ending.code === 1006 ? {} : { hint: hungUp };
      return ownFault("LOST", new Fault("link-lost", message, hint));
    }
  }
}

const hungUp =
  "The service hung up, or a gateway or proxy in its name. Nothing to do if it is rare. If it keeps coming, ask whoever runs them, with the close code and the time.";

function ownFault(kind: EndingDiagnosis["kind"], fault: Fault): EndingDiagnosis {
  const diagnosis = diagnoseFault(fault);
  return { kind, diagnosis, message: fault.message, retryAfterMs: null, serverDateMs: null, renewable: true, fault };
}

/** It never opened. */
export function unreachable(fault: Fault): LinkEnding {
  return { how: "unreachable", fault, retryAfterMs: retryAfterOf(fault) };
}

/** DNS, TCP, TLS or HTTP failed before the upgrade. `host`: with its port, as a person wrote it. */
export function cannotReach(host: string, error: unknown): LinkEnding {
  const { code, meaning, hint } = explainNetworkError(error);
  const message = `cannot reach ${host}: ${meaning}${code === null ? "" : ` (${code})`}`;
  return unreachable(new Fault("link-unreachable", message, { hint, cause: error }));
}

/** It was answered with 101, but not as RFC 6455, 4.1 demands of a WebSocket service; ws says what is wrong. */
export function noWebSocket(host: string, error: Error): LinkEnding {
  const message = `${host} is not the service: it accepts the upgrade, but speaks no WebSocket (${printable(error.message, 80)})`;
  const hint =
    "A proxy or another service answers there: check host and port of the endpoint, or go without the proxy.";
  return unreachable(new Fault("link-unreachable", message, { hint, cause: error }));
}

/** @param wallMs what a date in Retry-After is compared with where the answer has no Date */
export function refusal(answer: IncomingMessage, body: string, wallMs: number): LinkEnding {
  const status = answer.statusCode ?? 0;
  const { code, message } = parseRefusalBody(body);
  // Who answers with a page is somebody else, and so is whose clock it is.
  const isPage = /^\s*</.test(body) || /^text\/html/i.test(answer.headers["content-type"] ?? "");
  const dateMs = parseHttpDate(answer.headers.date);
  const serverDateMs = isPage ? null : dateMs;
  const diagnosis = diagnoseRefusal(status, code, isPage);
  return {
    how: "refused",
    diagnosis,
    message: message ?? `HTTP ${status}: ${diagnosis.meaning}`,
    retryAfterMs: parseRetryAfter(answer.headers["retry-after"], dateMs ?? wallMs),
    serverDateMs,
  };
}

export function closed(code: number, reason: string, asked: boolean): LinkEnding {
  return { how: "closed", code, reason: printable(reason, 123), asked };
}

/**
 * The peer broke the rules of WebSocket: what ws found, and the close code that it answers with (RFC 6455, 7.4.1).
 * @param maxPayload the limit given to ws, bytes
 */
export function violation(error: Error, maxPayload: number): { readonly fault: Fault; readonly ending: LinkEnding } {
  const name = "code" in error ? error.code : "";
  if (name === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" || name === "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH") {
    const fault = new Fault("wire-oversized", `the service sent a message of more than ${maxPayload} bytes`);
    return { fault, ending: closed(1009, fault.message, false) };
  }
  const message = `the service broke the WebSocket protocol: ${printable(error.message, 80)}`;
  const fault = new Fault("wire-bad-message", message, { cause: error });
  return { fault, ending: closed(name === "WS_ERR_INVALID_UTF8" ? 1007 : 1002, message, false) };
}
