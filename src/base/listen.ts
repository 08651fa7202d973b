import type { Server } from "node:http";
import { errorName } from "./disk-fault.ts";
import { Fault, printable } from "./fault.ts";

/** What to do where the port, or the host, is not to be had: names the flag that says which. */
export interface ListenMends {
  readonly port: string;
  readonly host: string;
}

type Words = readonly [what: (host: string, port: number) => string, mend: keyof ListenMends];

/** Why the system does not let a server listen. Source: bind(2), getaddrinfo(3). */
const words: Readonly<Record<string, Words>> = {
  EADDRINUSE: [(host, port) => `port ${port} on ${host} is in use by another program`, "port"],
  EACCES: [(host, port) => `port ${port} on ${host} is not for ordinary users`, "port"],
  ERR_SOCKET_BAD_PORT: [(_host, port) => `there is no port ${port}: ports go from 0 to 65535`, "port"],
  EADDRNOTAVAIL: [(host) => `${host} is not an address of this machine`, "host"],
  ENOTFOUND: [(host) => `the host ${host} is not known`, "host"],
  EAI_AGAIN: [(host) => `the host ${host} cannot be looked up: the name server does not answer`, "host"],
};

/** What the system said to `listen`, as a Fault: address-unavailable, with words where the reason is known. */
export function listenFault(error: unknown, host: string, port: number, mends: ListenMends): Fault {
  const code = errorName(error);
  const [what, mend] = words[code] ?? [() => `cannot listen on ${printable(host)}, port ${port}: ${code}`, "host"];
  return new Fault("address-unavailable", what(printable(host), port), { hint: mends[mend], cause: error });
}

/** A server that listens. Disposing ends it, and its connections. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
}

/**
 * Lets an HTTP server listen. What fails later, as where no descriptor is left for a connection, is over with it.
 * @param port 0: any that is free
 * @throws {Fault} address-unavailable
 */
export async function listen(server: Server, host: string, port: number, mends: ListenMends): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  }).catch((error: unknown) => {
    throw listenFault(error, host, port, mends);
  });
  server.on("error", () => {});
  const address = server.address();
  return {
    port: address !== null && typeof address === "object" ? address.port : port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
