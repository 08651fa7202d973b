import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { toFault } from "../base/fault.ts";
import { type PlannedFault, parseFaults } from "./faults.ts";
import { noSuchApi, type Refusal } from "./gateway.ts";
import type { IamAnswer } from "./iam.ts";

/** What plain HTTP requests reach. */
export interface HttpHost {
  /** The service's clock, ms since the epoch. */
  wallMs(): number;
  state(): object;
  addFaults(faults: readonly PlannedFault[]): readonly object[];
  clearFaults(): void;
  /** Answers a request for a token, or refuses it. */
  token(body: string): IamAnswer | Refusal;
}

/** Longer bodies are refused. */
const greatestBody = 1024 * 1024;

/** Answers everything that is not a WebSocket: `/control/…` and `POST /v3/auth/tokens`. */
export async function answerHttp(request: IncomingMessage, response: ServerResponse, host: HttpHost): Promise<void> {
  const route = `${request.method} ${(request.url ?? "").split("?", 1)[0]}`;
  const send = (status: number, body: object, headers: Readonly<Record<string, string>> = {}) => {
    const date = new Date(host.wallMs()).toUTCString();
    response.writeHead(status, { "Content-Type": "application/json", Date: date, ...headers });
    response.end(`${JSON.stringify(body)}\n`);
  };
  const body = await readBody(request);
  if (body === null)
    return send(413, { error: `the body is longer than ${greatestBody} bytes` }, { Connection: "close" });
  switch (route) {
    case "GET /control/state":
      return send(200, host.state());
    case "POST /control/faults": {
      try {
        return send(200, { added: host.addFaults(parseFaults(parseJson(body))) });
      } catch (error) {
        return send(400, { error: toFault(error).message });
      }
    }
    case "DELETE /control/faults":
      host.clearFaults();
      return send(200, { cleared: true });
    case "POST /v3/auth/tokens": {
      const answer = host.token(body);
      return "body" in answer ? send(answer.status, answer.body, answer.headers) : refuse(answer);
    }
    default:
      return refuse(noSuchApi);
  }
  function refuse(refusal: Refusal): void {
    send(refusal.status, refusalBody(refusal), refusalHeaders(refusal));
  }
}

/** Refuses a request for a WebSocket and ends its TCP connection. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal, wallMs: number): void {
  const body = `${JSON.stringify(refusalBody(refusal))}\n`;
  const headers = {
    Date: new Date(wallMs).toUTCString(),
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    Connection: "close",
    ...refusalHeaders(refusal),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? "Refused"}\r\n`;
  socket.end(`${status}${lines.join("")}\r\n${body}`);
}

function refusalBody(refusal: Refusal): object {
  return { error_code: refusal.code, error_msg: refusal.message, request_id: randomUUID().replaceAll("-", "") };
}

function refusalHeaders(refusal: Refusal): Readonly<Record<string, string>> {
  return refusal.retryAfter === undefined ? {} : { "Retry-After": String(refusal.retryAfter) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("the body is not valid JSON");
  }
}

/** null: too long. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request) {
    if (!Buffer.isBuffer(piece)) continue;
    length += piece.length;
    if (length > greatestBody) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
