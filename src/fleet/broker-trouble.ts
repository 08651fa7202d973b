import type { Fault } from "../base/fault.ts";
import { errorCodeOf } from "./broker-faults.ts";
import type { EndClass } from "./broker-policy.ts";
import { knownFaults } from "./known-faults.ts";
import type { AlarmType } from "./schema.ts";
import { type brokerOrigins, type Symptom, symptomOfKnown } from "./symptom.ts";

const byEndClass: Readonly<Record<EndClass, AlarmType | null>> = {
  network: null, // no broker, no one to tell: the log says it
  busy: null,
  credentials: "credentials",
  config: "config",
  clock: "clock",
  identity: "identity",
};

/** What the broker did to us, and what it means. */
export interface BrokerTrouble {
  readonly origin: (typeof brokerOrigins)[number];
  readonly class: EndClass;
  /** MQTT reason code; null: the broker did not say. */
  readonly reasonCode: number | null;
  readonly fault: Fault;
}

/** The alarm that trouble with the broker leads to; null: none. */
export function symptomOfBroker(trouble: BrokerTrouble): Symptom | null {
  const alarm = byEndClass[trouble.class];
  if (alarm === null) return null;
  // Inferred: what the last connection ended with says nothing of it.
  if (alarm === "identity" && trouble.reasonCode === null) {
    const { fault } = knownFaults["duplicate-id-unsaid"];
    return symptomOfKnown("duplicate-id-unsaid", trouble.origin, fault, { debounceMs: 0, lasting: true });
  }
  return {
    alarm,
    origin: trouble.origin,
    class: alarm,
    code: brokerCode(trouble),
    message: trouble.fault.message,
    traceId: null,
    hint: trouble.fault.hint,
    debounceMs: 0,
    lasting: true,
  };
}

/** The reason code that the broker gave, or what TLS said, or the fault's. */
function brokerCode({ reasonCode, fault }: BrokerTrouble): string {
  if (reasonCode !== null) return `MQTT.${reasonCode}`;
  const said = errorCodeOf(fault.cause);
  return said.includes("CERT") || said.includes("ALERT") ? said : fault.code;
}
