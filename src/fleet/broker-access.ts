import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { Fault } from "../base/fault.ts";
import { isLoopback } from "../base/loopback.ts";

/** How to reach the broker. Secrets are values here, never paths, and are never logged. */
export interface BrokerAccess {
  /** `mqtt://` or `mqtts://`, host, optional port; no user or password in it. */
  readonly url: string;
  /** 5, or 4 for MQTT 3.1.1. */
  readonly protocol: 4 | 5;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** PEM texts. Without `ca` the system's authorities are trusted. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface BrokerAddress {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
}

/** The address in a broker URL. Throws Fault `config-invalid` for one that can never work, never quoting a secret. */
export function brokerAddress(url: string): BrokerAddress {
  const invalid = (problem: string) => new Fault("config-invalid", `mqtt.url ${problem}`);
  if (!URL.canParse(url)) throw invalid("is not a URL: mqtts://broker.example:8883 is one");
  const parsed = new URL(url);
  const tls = parsed.protocol === "mqtts:";
  if (!tls && parsed.protocol !== "mqtt:") throw invalid("begins with neither mqtts:// nor mqtt://");
  if (parsed.username !== "" || parsed.password !== "") {
    throw invalid("has a user or password in it: use mqtt.user and mqtt.password_file");
  }
  if (parsed.hostname === "") throw invalid("names no host");
  if (!/^\/?$/.test(parsed.pathname) || parsed.search !== "" || parsed.hash !== "") {
    throw invalid("has more in it than a host and a port");
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  return { tls, host, port: parsed.port === "" ? (tls ? 8883 : 1883) : Number(parsed.port) };
}

/** Throws Fault `config-invalid` for an access that can never work. */
export function assertAccess(access: BrokerAccess): void {
  const { tls } = brokerAddress(access.url);
  const { ca, cert, key } = access;
  if (!tls && (ca !== undefined || cert !== undefined || key !== undefined)) {
    throw new Fault("config-invalid", "mqtt.url begins with mqtt://, which uses no certificates: use mqtts://");
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new Fault("config-invalid", "mqtt.cert_file and mqtt.key_file go together: one of them is missing");
  }
  if (access.password !== undefined && access.user === undefined) {
    throw new Fault("config-invalid", "mqtt.password_file needs mqtt.user beside it");
  }
  for (const [setting, pem] of [
    ["mqtt.ca_file", ca],
    ["mqtt.cert_file", cert],
  ] as const) {
    if (pem === undefined) continue;
    try {
      new X509Certificate(pem);
    } catch (cause) {
      throw new Fault("config-invalid", `${setting} holds no certificate in PEM form`, { cause });
    }
  }
  try {
    createSecureContext({ ca, cert, key });
  } catch (cause) {
    throw new Fault("config-invalid", "mqtt.ca_file, mqtt.cert_file or mqtt.key_file cannot be used by TLS", {
      hint: "Check that the files are whole, and that the key belongs to the certificate, has no passphrase, and is long enough (RSA: 2048 bits).",
      cause,
    });
  }
}

/** Whether a password to this broker can be read by others on the way. */
export function sendsSecretsInClear(access: BrokerAccess): boolean {
  const { tls, host } = brokerAddress(access.url);
  return !tls && !isLoopback(host) && access.password !== undefined;
}
