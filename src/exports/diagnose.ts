import { Fault } from "../base/fault.ts";
import {
  type Diagnosis,
  diagnoseFault,
  diagnoseRefusal,
  diagnose as diagnoseReply,
  diagnoseStatus,
  endedUnasked,
  isListedFault,
} from "../sis/catalogue.ts";
import { sessionFull } from "./sis-error.ts";

const ownCodes = new Map([endedUnasked, sessionFull(null).diagnosis].map((each) => [each.code, each]));

/**
 * Looks up a code as `SisError`, events and alarms about the service carry it: of the service (`SIS.0304`) and its gateway (`APIG.` and
 * `APIGW.` are the same), of HTTP (`HTTP.503`, `PROXY.403`), of the network (`NET.ENOTFOUND`, `IAM.ECONNREFUSED`), and the client's own (`link-dead`).
 * One that is not listed is trouble of the service, and marked as unknown.
 */
export function diagnose(code: string): Diagnosis {
  const spelt = code.trim();
  const [, kind, rest = ""] = /^(HTTP|PROXY|NET|IAM)\.(\w{1,60})$/.exec(spelt.toUpperCase()) ?? [];
  if (kind === "NET" || kind === "IAM") {
    const cause = Object.assign(new Error(rest), { code: rest });
    return diagnoseFault(new Fault(kind === "NET" ? "link-unreachable" : "token-unreachable", "", { cause }));
  }
  if (kind !== undefined && /^\d{3}$/.test(rest))
    return kind === "HTTP" ? diagnoseStatus(Number(rest)) : diagnoseRefusal(Number(rest), null, true);
  if (isListedFault(spelt)) return diagnoseFault(new Fault(spelt, ""));
  return ownCodes.get(spelt) ?? diagnoseReply(spelt);
}
