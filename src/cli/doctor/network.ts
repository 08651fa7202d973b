import { lookup } from "node:dns/promises";
import { connect as connectPlain, isIP } from "node:net";
import { connect as connectSecure } from "node:tls";
import { Fault } from "../../base/fault.ts";
import { explainNetworkError } from "../../sis/network-errors.ts";
import type { Check } from "./examine.ts";
import { type Finding, failed, ok, warn } from "./finding.ts";
import type { Patient } from "./patient.ts";

const noAnswer =
  "Check that outgoing TCP to the endpoint's port (443) is allowed: a firewall that drops packets looks like this.";

export const dnsCheck: Check = {
  name: "dns",
  deadlineMs: 4000,
  mendIfLate: "Check the network (cable, Wi-Fi) and the name servers in /etc/resolv.conf.",
  async look(patient) {
    const { host } = target(patient);
    if (isIP(host) !== 0) return ok(`${host} is an address already`);
    try {
      const addresses = await lookup(host, { all: true });
      return ok(
        `${host} is ${addresses
          .slice(0, 4)
          .map(({ address }) => address)
          .join(", ")}`,
      );
    } catch (error) {
      return unreachable(host, error);
    }
  },
};

export const tlsCheck: Check = {
  name: "tls",
  deadlineMs: 5000,
  mendIfLate: noAnswer,
  async look(patient, signal) {
    const { host, port, secure } = target(patient);
    try {
      const until = await handshake(host, port, secure, signal);
      return tlsFinding(`${host}:${port}`, until, patient.clock.wallMs());
    } catch (error) {
      return unreachable(`${host}:${port}`, error);
    }
  },
};

const dayMs = 86_400_000;
const soonDays = 7;

/** @param validToMs when its certificate expires; null: it has none, for it is not encrypted */
export function tlsFinding(where: string, validToMs: number | null, nowMs: number): Finding {
  if (validToMs === null) return ok(`${where} answers; not encrypted, as is allowed on this machine alone`);
  const days = Math.floor((validToMs - nowMs) / dayMs);
  if (days >= soonDays) return ok(`${where} is who it says it is; its certificate is good for ${days} days`);
  return warn(
    `the certificate of ${where} expires in ${days} days`,
    "Its owner must renew it; a proxy's is often forgotten.",
  );
}

function target({ configuration }: Patient): {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
} {
  const url = new URL(configuration.settings.sis.endpoint);
  const secure = url.protocol === "wss:";
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port, secure };
}

function handshake(host: string, port: number, secure: boolean, signal: AbortSignal): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const name = isIP(host) === 0 ? { servername: host } : {};
    const tls = secure ? connectSecure({ host, port, ...name }) : null;
    const socket = tls ?? connectPlain({ host, port });
    const giveUp = () => socket.destroy(new Error("given up"));
    signal.addEventListener("abort", giveUp, { once: true });
    socket.once(secure ? "secureConnect" : "connect", () => {
      resolve(tls === null ? null : Date.parse(tls.getPeerCertificate().valid_to));
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => {
      signal.removeEventListener("abort", giveUp);
      reject(new Error("it hung up"));
    });
  });
}

function unreachable(where: string, error: unknown): Finding {
  const { code, meaning, hint } = explainNetworkError(error);
  const message = `cannot reach ${where}: ${meaning}${code === null ? "" : ` (${code})`}`;
  return failed(new Fault("link-unreachable", message, { hint }));
}
