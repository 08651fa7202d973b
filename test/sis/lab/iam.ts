import type { IncomingMessage, ServerResponse } from "node:http";
import { type Peer, startWeb } from "./peer.ts";

/** An IAM that answers as told, and keeps what it was asked. */
export interface Iam extends AsyncDisposable {
  readonly endpoint: string;
  /** Requests so far: method, path and body. */
  readonly asked: { readonly what: string; readonly body: unknown }[];
  /** How the next requests are answered. */
  answer: (response: ServerResponse, request: IncomingMessage) => void;
}

export async function startIam(answer: Iam["answer"]): Promise<Iam> {
  const asked: Iam["asked"] = [];
  const peer: Peer = await startWeb((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
      asked.push({ what: `${request.method} ${request.url}`, body });
      iam.answer(response, request);
    });
  });
  const iam: Iam = {
    endpoint: `http://127.0.0.1:${peer.port}`,
    asked,
    answer,
    [Symbol.asyncDispose]: async () => peer[Symbol.asyncDispose](),
  };
  return iam;
}

/** Answers with a token that lives so long by the server's own date. */
export function issue(token: string, lifeMs: number, serverMs = Date.UTC(2026, 0, 1)): Iam["answer"] {
  return (response) => {
    const expiry = new Date(serverMs + lifeMs).toISOString().replace("Z", "000Z");
    response.writeHead(201, { "X-Subject-Token": token, Date: new Date(serverMs).toUTCString() });
    response.end(JSON.stringify({ token: { expires_at: expiry, methods: ["password"] } }));
  };
}

/** Answers as IAM does when it says no. */
export function refuse(status: number, message = "no", headers: Record<string, string> = {}): Iam["answer"] {
  return (response) => response.writeHead(status, headers).end(JSON.stringify({ error: { code: status, message } }));
}
