import { type Fault, type FaultCode, printable } from "../base/fault.ts";
import { type ErrorClass, errorCodes } from "./error-codes.ts";
import { HttpAnswer } from "./http-answer.ts";
import { explainNetworkError } from "./network-errors.ts";

export type { ErrorClass } from "./error-codes.ts";

/** What a client does about an error. */
export type Action =
  /** Wait, longer each time, and try again. */
  | "back-off"
  /** Get a new token, or sign with the service's clock, and try once more at once; then back off slowly. */
  | "renew-credentials"
  /** Stop asking but for a slow probe, until a person or a new configuration changes something. */
  | "hold"
  /** See whether sound is captured; start again when it flows. */
  | "check-capture"
  /** Start another session on the connection. */
  | "new-session"
  /** Close the connection and open another. */
  | "reconnect";

/** An error, looked up. */
export interface Diagnosis {
  /** The code as it is reported, in its usual spelling: `SIS.0304`, `APIGW.0301`, `HTTP.503`, `NET.ENOTFOUND`, `link-dead`. */
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

/** That something failed, as a machine takes note of it: what it is, and what was said about it. */
export interface Failure {
  readonly diagnosis: Diagnosis;
  readonly message: string;
  readonly traceId?: string | null;
  readonly retryAfterMs?: number | null;
  readonly serverDateMs?: number | null;
  /** Whether fresh credentials may be the mend. Default: yes. */
  readonly renewable?: boolean;
}

/** Each class has one action. */
const actions: Readonly<Record<ErrorClass, Action>> = {
  service: "back-off",
  credentials: "renew-credentials",
  account: "hold",
  throttled: "back-off",
  config: "hold",
  silence: "check-capture",
  audio: "new-session",
  sequence: "reconnect",
  network: "reconnect",
};

/** Every code that the service, its gateway and HTTP are known to give. */
export const catalogue: readonly Diagnosis[] = errorCodes.map(([code, errorClass, meaning, hint]) => ({
  code,
  known: true,
  class: errorClass,
  action: actions[errorClass],
  meaning,
  hint,
}));

/** END though it was not asked for: no code of the service tells why. */
export const endedUnasked: Diagnosis = {
  code: "unasked-end",
  known: true,
  class: "service",
  action: "new-session",
  meaning: "the service ended the session unasked",
  hint: "Nothing to do if it is rare. If it keeps coming, ask the service's support, with the trace id.",
};

const byCode = new Map(catalogue.map((entry) => [entry.code, entry]));

/**
 * Looks up a code that the service or the gateway gave (`APIG.` and `APIGW.` are the same). One that is not listed,
 * such as the SIS.0002 of the vendor's own examples, is trouble of the service, and marked as unknown.
 */
export function diagnose(code: string): Diagnosis {
  const spelt = printable(code.trim(), 64);
  const usual = spelt.toUpperCase().replace(/^APIG\./, "APIGW.");
  return (
    byCode.get(usual) ?? {
      code: usual.startsWith("APIGW.") ? usual : spelt,
      known: false,
      class: "service",
      action: actions.service,
      meaning: "an error that the vendor's list does not name",
      hint: "The agent keeps trying. If it goes on, give the vendor's support the code, the message and the trace id.",
    }
  );
}

/** Looks up an HTTP status that the upgrade was answered with; its code is `HTTP.503`. */
export function diagnoseStatus(httpStatus: number): Diagnosis {
  const code = `HTTP.${httpStatus}`;
  const listed = byCode.get(code);
  if (listed !== undefined) return listed;
  if (httpStatus >= 500) return { ...diagnose("HTTP.500"), code };
  if (httpStatus >= 200 && httpStatus < 400) {
    return {
      code,
      known: false,
      class: "network",
      action: actions.network,
      meaning: "what answers there is not the service",
      hint: "A captive portal or a proxy answers in the service's place, or the endpoint is not that of SIS.",
    };
  }
  return { ...diagnose(code), meaning: "an HTTP status that the service is not known to give" };
}

/**
 * Looks up a refused upgrade: by the code in its body (null: it has none); the status decides where that is unknown.
 * @param isWebPage the body is a page for people. The service and its gateway refuse a request in JSON; of theirs, only
 *   what stands before them and cannot reach them (5xx) answers with a page.
 */
export function diagnoseRefusal(httpStatus: number, code: string | null, isWebPage = false): Diagnosis {
  const byStatus = diagnoseStatus(httpStatus);
  if (code === null && isWebPage && byStatus.class !== "network" && httpStatus < 500) {
    return {
      code: `PROXY.${httpStatus}`,
      known: true,
      class: "network",
      action: actions.network,
      meaning: "a proxy or firewall answers in the service's place",
      hint: "Have the network let this device reach the endpoint: what refuses the connection is not the service, but a proxy, a firewall or a login page on the way.",
    };
  }
  if (code === null) return byStatus;
  const byBody = diagnose(code);
  return byBody.known ? byBody : { ...byStatus, code: byBody.code, known: false };
}

type FaultRow = readonly [errorClass: ErrorClass, meaning: string, hint: string];

const wireHint = "If it goes on, check that the endpoint is really that of SIS and that no proxy changes what passes.";
const internal: FaultRow = [
  "service",
  "the agent failed inside",
  "Report it with the log: it is a defect of the agent.",
];

// biome-ignore format: a table, one row a line
const faults: Partial<Readonly<Record<FaultCode, FaultRow>>> = {
  "link-unreachable": ["network", "the service cannot be reached", ""],
  "link-lost": ["network", "the connection broke off", "Check the network if it happens often: Wi-Fi signal, router, a proxy that ends long connections."],
  "link-dead": ["network", "the connection no longer answers", "Check the network: the way to the service is cut without a sign (Wi-Fi lost, router restarted, NAT forgot the connection)."],
  "link-timeout": ["network", "the service did not answer in time", "Check the network's delay and load; a firewall that holds connections without an answer looks like this too."],
  "token-refused": ["credentials", "IAM gave no token", "Check user, domain, password and iam_endpoint under [sis.auth]."],
  "token-unreachable": ["network", "IAM cannot be asked", "Check iam_endpoint under [sis.auth], and that a browser or curl on this network reaches it."],
  "wire-bad-json": ["service", "the service sent something that is not JSON", wireHint],
  "wire-bad-message": ["service", "the service sent a message that cannot be used", wireHint],
  "wire-unknown-type": ["service", "the service sent a kind of message that the agent does not know", "Harmless as a rule: the service has learnt something new. Update the agent."],
  "wire-binary": ["service", "the service sent binary where only text is due", wireHint],
  "wire-oversized": ["service", "the service sent a message that is far too long", wireHint],
  "config-invalid": ["config", "a setting cannot be used", "Correct the setting that the message names."],
  "disk-failed": ["service", "a file that the configuration names cannot be read this time", "Check or replace the disk or card; the kernel's log (dmesg) tells more."],
  "config-unreadable": ["config", "a file that the configuration names cannot be read", "Check that the file exists and that the agent's user may read it."],
};

/** Whether a code is that of a fault which `diagnoseFault` has words for. */
export function isListedFault(code: string): code is FaultCode {
  return Object.hasOwn(faults, code);
}

/** Where a fault has the error of the network underneath, its code is that error's: `NET.ENOTFOUND`. */
const networkPrefixes: Partial<Readonly<Record<FaultCode, string>>> = {
  "link-unreachable": "NET",
  "token-unreachable": "IAM",
};

/**
 * Classifies a failure of our own side of the wire. Its code stays the fault's, or names the network's error. The hint
 * is the fault's own, or that of the network error underneath, or the code's. What IAM answered with a status has that
 * status' class: 401 credentials, 403 account, 400 and 404 config, 429 throttled, 5xx service.
 */
export function diagnoseFault(fault: Fault): Diagnosis {
  const [listedClass, meaning, hint] = faults[fault.code] ?? internal;
  const errorClass = fault.cause instanceof HttpAnswer ? diagnoseStatus(fault.cause.status).class : listedClass;
  const trouble = explainNetworkError(fault.cause);
  const prefix = networkPrefixes[fault.code];
  return {
    code: prefix === undefined || trouble.code === null ? fault.code : `${prefix}.${trouble.code}`,
    known: true,
    class: errorClass,
    action: actions[errorClass],
    meaning,
    hint: fault.hint || hint || trouble.hint,
  };
}
