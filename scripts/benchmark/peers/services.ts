// The services of the peers' benchmark, a process of its own: the simulator, and stand-ins for those of other clients.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { startSimulator } from "../../../src/simulator/simulator.ts";
import { serveDeepgram } from "./stand-ins/deepgram.ts";
import { GladiaService } from "./stand-ins/gladia.ts";
import { serveMicrosoft } from "./stand-ins/microsoft.ts";

/** What the services tell their parent, once: the ports that they listen on. */
export interface Ports {
  readonly sis: number;
  readonly others: number;
}

const simulator = await startSimulator();
const gladia = new GladiaService();
const server = createServer((request, response) => {
  if (request.method === "POST" && request.url?.startsWith("/v2/live") === true) gladia.create(request, response);
  else response.writeHead(404).end();
});
new WebSocketServer({ server, perMessageDeflate: false }).on("connection", (socket, request) => {
  // A connection that breaks is what the benchmark is about.
  socket.on("error", () => {});
  const path = request.url ?? "";
  if (path.startsWith("/v1/listen")) serveDeepgram(socket);
  else if (path.startsWith("/v2/live")) gladia.serve(socket, request);
  else serveMicrosoft(socket);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address === null || typeof address === "string") return;
  process.send?.({ sis: simulator.port, others: address.port } satisfies Ports);
});
process.on("disconnect", () => process.exit(0));
