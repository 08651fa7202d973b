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
 * Looks up a code as `SisError`, events and alarms about the service carry it: of the service (`SIS.0304`) and its gateway
 * (`APIG.` and `APIGW.` are the same), of HTTP (`HTTP.503`, `PROXY.403`), of the network (`NET.ENOTFOUND`,
 * `IAM.ECONNREFUSED`), and the client's own (`link-dead`). One that is not listed is trouble of the service, and marked
 * as unknown. Where more than the code decided, as the status that IAM refused a token with, its class may be another.
 */
export function diagnose(code: string): Diagnosis {
  const spelt = code.trim();
  const [, door, status] = /^(HTTP|PROXY)\.(\d{3})$/.exec(spelt.toUpperCase()) ?? [];
  if (door === "HTTP") return diagnoseStatus(Number(status));
  if (door === "PROXY") return diagnoseRefusal(Number(status), null, true);
  const [, whom, name] = /^(NET|IAM)\.([A-Z]\w{0,59})$/.exec(spelt.toUpperCase()) ?? [];
  if (whom !== undefined) {
    const cause = Object.assign(new Error(name), { code: name });
    return diagnoseFault(new Fault(whom === "NET" ? "link-unreachable" : "token-unreachable", "", { cause }));
  }
  if (isListedFault(spelt)) return diagnoseFault(new Fault(spelt, ""));
  return ownCodes.get(spelt) ?? diagnoseReply(spelt);
}
