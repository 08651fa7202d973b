// A real-time recognition service written from the vendor's pages alone, in ways that the pages leave open. It shares
// nothing with the product or its simulator, so that what passes against both leans on neither.

import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { type Chronicle, chronicleOf } from "./chronicle.ts";
import { Conversation } from "./conversation.ts";
import type { Habits, Refusal } from "./habits.ts";
import { Outlet } from "./outlet.ts";
import type { Mode } from "./session.ts";

export interface OtherService extends AsyncDisposable {
  /** As the setting `sis.endpoint` wants it. */
  readonly endpoint: string;
  readonly chronicle: Chronicle;
  /** How many connections are still open a moment after the client is gone; frozen ones cannot tell. */
  openConnections(): Promise<number>;
}

export const projectId = "5f0e8a0d3b7c4c1f";

const goneWithinMs = 30_000;

const paths: ReadonlyMap<string, Mode> = new Map([
  [`/v1/${projectId}/rasr/continue-stream`, "continuous"],
  [`/v1/${projectId}/rasr/sentence-stream`, "sentence"],
  [`/v1/${projectId}/rasr/short-stream`, "short"],
]);

const noSuchApi: Refusal = refusal(404, "APIGW.0101", "The API does not exist or has not been published.");
const unknownToken: Refusal = refusal(
  401,
  "APIGW.0301",
  "Incorrect IAM authentication information: decrypt token fail",
);

export function refusal(status: number, error_code: string, error_msg: string, headers = {}): Refusal {
  return { status, headers, body: JSON.stringify({ error_msg, error_code, request_id: "e81dbb5bfc7e0ec1" }) };
}

/** Listens on a port of its own. */
export async function startOtherService(habits: Habits): Promise<OtherService> {
  const chronicle = chronicleOf(habits);
  const http = createServer((_, response) => response.writeHead(404).end());
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: habits.compression ? { threshold: 0 } : false,
  });
  sockets.on("headers", (headers) => headers.push(...habits.upgradeHeaders));
  http.on("upgrade", (request, stream: Socket, head) => {
    chronicle.requests.push(Date.now());
    stream.on("error", () => {});
    const mode = paths.get(request.url ?? "");
    const refused = chronicle.refusals.shift() ?? objection(mode, habits.token, request);
    if (mode === undefined || refused !== null) refuse(stream, refused ?? noSuchApi);
    else sockets.handleUpgrade(request, stream, head, (socket) => serve(socket, stream, mode, habits, chronicle));
  });
  await new Promise<void>((resolve) => {
    http.listen(0, "127.0.0.1", resolve);
  });
  return {
    endpoint: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    chronicle,
    async openConnections() {
      const deadline = performance.now() + goneWithinMs;
      const open = () => [...sockets.clients].filter((socket) => !socket.isPaused).length;
      while (open() > 0 && performance.now() < deadline) await sleep(20);
      return open();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => {
        http.close(resolve);
      });
    },
  };
}

function objection(mode: Mode | undefined, token: string | null, request: IncomingMessage): Refusal | null {
  if (mode === undefined) return noSuchApi;
  return token === null || request.headers["x-auth-token"] === token ? null : unknownToken;
}

function refuse(stream: Duplex, { status, headers, body }: Refusal): void {
  const lines = Object.entries({
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    Connection: "close",
    Date: new Date().toUTCString(),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  stream.end(`HTTP/1.1 ${status} Refused\r\n${lines.join("")}\r\n${body}`);
}

function serve(socket: WebSocket, stream: Socket, mode: Mode, habits: Habits, chronicle: Chronicle): void {
  const outlet = new Outlet(socket, habits);
  const conversation = new Conversation(mode, habits, outlet, chronicle, (how) => {
    outlet.clear();
    if (how === "reset") stream.resetAndDestroy();
    else if (how === "drop") stream.end();
    else if (how === "freeze") socket.pause();
    else {
      chronicle.closings.push(Date.now());
      socket.close(how);
    }
  });
  let answered = true;
  const pings =
    habits.pingEveryMs === null
      ? undefined
      : setInterval(() => {
          if (!answered) chronicle.violations.push("a ping was not answered before the next one");
          answered = false;
          socket.ping("are you there?");
        }, habits.pingEveryMs);
  socket.on("pong", () => {
    answered = true;
  });
  socket.on("error", (error) => chronicle.violations.push(`connection: ${error.message}`));
  socket.on("message", (data: RawData, isBinary) => {
    if (socket.readyState !== socket.OPEN || !Buffer.isBuffer(data)) return;
    if (isBinary) conversation.sound(data);
    else conversation.text(data.toString());
  });
  socket.on("close", () => {
    clearInterval(pings);
    outlet.clear();
  });
}
