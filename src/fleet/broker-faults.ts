import { Fault, type FaultCode, printable } from "../base/fault.ts";
import type { EndClass } from "./broker-policy.ts";
import type { Misconduct } from "./packet-guard.ts";

// Failures of a broker connection in words that a person can act on.

interface Words {
  readonly says: string;
  readonly hint: string;
}

/** What is wrong, and what kind of trouble that is. */
type Row = readonly [says: string, meaning: EndClass, hint: string];

const tlsMismatch = "Check that mqtt.url and the broker agree on TLS.";
const urlAndBroker = "Check mqtt.url, and that the broker runs.";
const untrusted: Row = [
  "its certificate is not trusted",
  "config",
  "Give the authority that signed the broker's certificate in mqtt.ca_file.",
];

/** By the code of a socket, DNS or TLS error of Node. */
const unreachable: ReadonlyMap<string, Row> = new Map<string, Row>([
  ["ECONNREFUSED", ["nothing listens at that address", "network", urlAndBroker]],
  ["ECONNRESET", ["the connection was reset", "network", tlsMismatch]],
  ["ENOTFOUND", ["its name is not known", "network", "Check the host in mqtt.url and the network's DNS."]],
  ["EAI_AGAIN", ["its name could not be looked up", "network", "Check the network and its DNS."]],
  ["ETIMEDOUT", ["it does not answer", "network", "Check the network and firewalls between here and the broker."]],
  ["EHOSTUNREACH", ["there is no way to it", "network", "Check the network."]],
  ["ENETUNREACH", ["there is no way to it", "network", "Check the network."]],
  [
    "CERT_HAS_EXPIRED",
    [
      "its certificate has expired",
      "config",
      "Renew the broker's certificate; check this device's clock, too (timedatectl).",
    ],
  ],
  [
    "CERT_NOT_YET_VALID",
    ["its certificate is not valid yet", "clock", "Check this device's clock (timedatectl): it seems to be behind."],
  ],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    ["its certificate is for another name", "config", "Use a name in mqtt.url that the certificate has."],
  ],
  ["SELF_SIGNED_CERT_IN_CHAIN", untrusted],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", untrusted],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", untrusted],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", untrusted],
  ["EPROTO", ["it does not speak TLS as expected", "network", tlsMismatch]],
]);

/** By the end of the code that Node makes of a TLS alert: what the broker says about this device's certificate. */
const alerts: ReadonlyMap<string, Row> = new Map<string, Row>([
  [
    "CERTIFICATE_REQUIRED",
    [
      "it wants a certificate of this device",
      "credentials",
      "Give one in mqtt.cert_file, and its key in mqtt.key_file.",
    ],
  ],
  [
    "HANDSHAKE_FAILURE",
    [
      "it ends the TLS handshake",
      "credentials",
      "It may want a certificate of this device: give one in mqtt.cert_file and mqtt.key_file.",
    ],
  ],
  [
    "UNKNOWN_CA",
    [
      "it does not trust this device's certificate",
      "credentials",
      "Have mqtt.cert_file signed by the authority that the broker trusts for its clients.",
    ],
  ],
  [
    "CERTIFICATE_EXPIRED",
    ["this device's certificate has expired", "credentials", "Renew mqtt.cert_file; check the broker's clock, too."],
  ],
  [
    "CERTIFICATE_REVOKED",
    ["this device's certificate was revoked", "credentials", "Give this device a new certificate in mqtt.cert_file."],
  ],
  ...["BAD_CERTIFICATE", "CERTIFICATE_UNKNOWN", "UNSUPPORTED_CERTIFICATE", "ACCESS_DENIED"].map(
    (alert): [string, Row] => [
      alert,
      [
        "it does not accept this device's certificate",
        "credentials",
        "Check mqtt.cert_file: who signed it, for whom it is (its CN), until when; the broker's log tells more.",
      ],
    ],
  ),
]);

const password = "Check mqtt.user and mqtt.password_file, or the client certificate.";
const patience = "Nothing to do here: it is tried again. If it lasts, ask whoever runs the broker.";
const versions = "Try the other mqtt.protocol: 5 or 4; if that does not help, look in the broker's log.";
const twin = "Two devices use this device_id: give one of them another.";

const notAuthorised = 0x87;

/** By MQTT 5 reason code; 1 to 5 are return codes of MQTT 3.1.1. */
const reasons: ReadonlyMap<number, Words> = new Map([
  [1, { says: "it does not speak this version of MQTT", hint: "Try the other mqtt.protocol: 5 or 4." }],
  [2, { says: "it does not allow this client id", hint: "Check device_id against the broker's rules." }],
  [3, { says: "it is not available", hint: patience }],
  [4, { says: "it does not accept user name and password", hint: password }],
  [5, { says: "it does not let this device in", hint: password }],
  [0x80, { says: "it does not say why", hint: "Look in the broker's log." }],
  [0x81, { says: "it could not read what this device sent", hint: versions }],
  [0x82, { says: "it saw an offence against the protocol", hint: versions }],
  [0x83, { says: "something of its own is wrong", hint: "Look in the broker's log." }],
  [0x84, { says: "it does not speak this version of MQTT", hint: "Try the other mqtt.protocol: 5 or 4." }],
  [0x85, { says: "it does not allow this client id", hint: "Check device_id against the broker's rules." }],
  [0x86, { says: "it does not accept user name and password", hint: password }],
  [
    notAuthorised,
    { says: "it does not allow this device that", hint: "Check the broker's access list for this device." },
  ],
  [0x88, { says: "it is not available", hint: patience }],
  [0x89, { says: "it is busy", hint: patience }],
  [0x8a, { says: "it has banned this device", hint: "Ask whoever runs the broker." }],
  [0x8b, { says: "it is shutting down", hint: patience }],
  [0x8c, { says: "it wants another way to log in", hint: "Check how the broker authenticates devices." }],
  [
    0x8d,
    { says: "it heard nothing from this device for too long", hint: "Check the network between here and the broker." },
  ],
  [0x8e, { says: "another client took over this device's id", hint: twin }],
  [0x90, { says: "it does not take this topic", hint: "Check mqtt.fleet and device_id against the broker's rules." }],
  [0x93, { says: "it got more at once than it allows", hint: "Raise the broker's limit of messages in flight." }],
  [0x95, { says: "a message was too large for it", hint: "Raise the broker's message size limit." }],
  [0x96, { says: "it got messages too fast", hint: "Raise the broker's message rate for this device." }],
  [0x97, { says: "this device's quota there is used up", hint: "Raise the broker's quota for this device." }],
  [0x98, { says: "an administrator closed the connection", hint: "Ask whoever runs the broker." }],
  [0x99, { says: "it does not take this payload", hint: "Look in the broker's log." }],
  [
    0x9a,
    {
      says: "it keeps no retained messages",
      hint: "Allow retained messages in the broker: alarms and state need them.",
    },
  ],
  [0x9b, { says: "it does not take QoS 1", hint: "Allow QoS 1 in the broker." }],
  [0x9c, { says: "it sends this device to another server", hint: "Change mqtt.url." }],
  [0x9d, { says: "it has moved", hint: "Change mqtt.url." }],
  [0x9f, { says: "too many connect at once", hint: patience }],
]);

/** A Fault for what the broker itself said. */
export function reasonFault(code: FaultCode, reasonCode: number): Fault {
  const words = reasons.get(reasonCode);
  const number = `0x${reasonCode.toString(16).padStart(2, "0")}`;
  if (words === undefined)
    return new Fault(code, `MQTT broker: reason code ${number}`, { hint: "Look in the broker's log." });
  return new Fault(code, `MQTT broker: ${words.says} (${number})`, { hint: words.hint });
}

/** A Fault for a connection that the broker refuses. */
export function refusedConnection(reasonCode: number): Fault {
  // What it does not allow is to come in.
  const words = reasonCode === notAuthorised ? reasons.get(5) : undefined;
  if (words === undefined) return reasonFault("broker-refused", reasonCode);
  return new Fault("broker-refused", `MQTT broker: ${words.says} (0x87)`, { hint: words.hint });
}

/** What a broker does that no broker should. */
export type Offence = Misconduct | "no-connack" | "no-puback" | "no-suback" | "takes-nothing";

const address = "Check host and port in mqtt.url, and whether TLS is expected there.";
const broken = "Look in the broker's log; restart the broker.";

const offences: Readonly<Record<Offence, Words>> = {
  "not-mqtt": { says: "what answers there is no MQTT broker", hint: address },
  "no-connack": { says: "what answers there does not answer as an MQTT broker in time", hint: address },
  "too-large": {
    says: "it sends more than this device takes",
    hint: "Look for what sends to this device. What else waited for it there is given up.",
  },
  "no-puback": { says: "it does not acknowledge what it is sent", hint: broken },
  "no-suback": { says: "it does not answer a subscription", hint: broken },
  "takes-nothing": { says: "it wants no messages at all (Receive Maximum 0)", hint: broken },
};

/** A Fault for what the broker did against the protocol. */
export function offenceFault(code: FaultCode, offence: Offence): Fault {
  const { says, hint } = offences[offence];
  return new Fault(code, `MQTT broker: ${says}`, { hint });
}

const aboutAddress: ReadonlySet<string> = new Set([address, urlAndBroker, tlsMismatch]);

/** What an error of the socket, of TLS or of the MQTT library is: a Fault, and the kind of trouble. */
export function linkTrouble(code: FaultCode, error: Error): { readonly fault: Fault; readonly meaning: EndClass } {
  if (error.message === "connack timeout") return { fault: offenceFault(code, "no-connack"), meaning: "network" };
  const errorCode = errorCodeOf(error);
  const row = unreachable.get(errorCode) ?? alerts.get(/_ALERT_([A-Z_]+)$/.exec(errorCode)?.[1] ?? "");
  const [says, meaning, advice] = row ?? [printable(error.message), "network", address];
  const message = row === undefined ? `MQTT broker: ${says}` : `MQTT broker: ${says} (${errorCode})`;
  // A connection that was accepted had the right address, and agreed on TLS: its end says nothing of them.
  const hint = code === "broker-lost" && aboutAddress.has(advice) ? "" : advice;
  return { fault: new Fault(code, message, { hint, cause: error }), meaning };
}

/** Node's code of an error of the socket or of TLS; empty: it has none. */
export function errorCodeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
