// Loaded into every client before its own program: tells on file descriptor 3 what its sockets do, a JSON line each.
import { subscribe } from "node:diagnostics_channel";
import { writeSync } from "node:fs";
import { Socket } from "node:net";

/** What is told of a client's sockets. */
export type Observation =
  /** It tries to open a connection. */
  | { readonly saw: "attempt" }
  /** It has put so many bytes into the connection from its port `port` so far, whether they have left or not. */
  | { readonly saw: "written"; readonly port: number; readonly bytes: number };

const everyMs = Number(process.env["PEERS_OBSERVE_MS"]);
const sockets = new Set<Socket>();

subscribe("net.client.socket", (message) => {
  if (typeof message !== "object" || message === null || !("socket" in message)) return;
  const { socket } = message;
  if (!(socket instanceof Socket)) return;
  tell({ saw: "attempt" });
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
});

if (everyMs > 0) {
  setInterval(() => {
    for (const { localPort: port, bytesWritten: bytes } of sockets)
      if (port !== undefined) tell({ saw: "written", port, bytes });
  }, everyMs).unref();
}

function tell(observation: Observation): void {
  try {
    writeSync(3, `${JSON.stringify(observation)}\n`);
  } catch {
    // Whoever listened is gone, and the measurement with it.
  }
}
