// The server of the benchmark, a process of its own: speaks just enough of the protocol, and notes when frames arrive.
import { WebSocketServer } from "ws";
import { machineMs, numberOf } from "./frames.ts";

/** What the sink tells its parent. */
export type SinkMessage =
  | { readonly type: "listening"; readonly port: number }
  | { readonly type: "arrivals"; readonly arrivals: Readonly<Record<string, readonly Arrival[]>> };

/** A frame's number, and when it came (the machine's monotonic clock, ms). */
export type Arrival = readonly [number: number, atMs: number];

const arrivals = new Map<string, Arrival[]>();
const tell = (message: SinkMessage) => process.send?.(message);

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
server.on("listening", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") tell({ type: "listening", port: address.port });
});
server.on("connection", (socket, request) => {
  // /v1/PROJECT/rasr/continue-stream: the project names who sends.
  const sender = request.url?.split("/")[2] ?? "";
  const mine = arrivals.get(sender) ?? [];
  arrivals.set(sender, mine);
  socket.on("message", (data, isBinary) => {
    const atMs = machineMs();
    if (!Buffer.isBuffer(data)) return;
    if (isBinary) {
      const number = numberOf(data);
      if (number !== null) mine.push([number, atMs]);
    } else if (data.includes('"START"')) socket.send('{"resp_type":"START","trace_id":"t"}');
    else socket.send('{"resp_type":"END","trace_id":"t","reason":"NORMAL"}');
  });
});
process.on("message", () => {
  tell({ type: "arrivals", arrivals: Object.fromEntries(arrivals) });
});
process.on("disconnect", () => process.exit(0));
