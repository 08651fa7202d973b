import { Fault, printable } from "../base/fault.ts";

type Words = readonly [what: (host: string, port: number) => string, hint: string];

const anyPort = "Choose another port, or --port 0 for any that is free.";
const anyHost = "Check --host: an IP address of this machine, or a name for one.";
const unknownHost: Words = [(host) => `the host ${host} is not known`, anyHost];

/** Why the system does not let a server listen. Source: bind(2), getaddrinfo(3). */
const words: Readonly<Record<string, Words>> = {
  EADDRINUSE: [(host, port) => `port ${port} on ${host} is in use by another program`, anyPort],
  EACCES: [(host, port) => `port ${port} on ${host} is not for ordinary users`, anyPort],
  EADDRNOTAVAIL: [(host) => `${host} is not an address of this machine`, anyHost],
  ENOTFOUND: unknownHost,
  EAI_AGAIN: [(host) => `the host ${host} cannot be looked up: the name server does not answer`, anyHost],
};

/** What the system said to `listen`, as a Fault: address-unavailable, with words where the reason is known. */
export function listenFault(error: unknown, host: string, port: number): Fault {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const [what, hint] = words[code] ?? [() => `cannot listen on ${printable(host)}, port ${port}: ${code}`, anyHost];
  return new Fault("address-unavailable", what(printable(host), port), { hint, cause: error });
}
