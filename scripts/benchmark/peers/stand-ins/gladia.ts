import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { WebSocket } from "ws";
import { Ear, type Heard } from "./ear.ts";

/** A session outlives its connections: its client goes on where the service has acknowledged. */
interface Session {
  readonly ear: Ear;
  /** Acknowledged so far. */
  bytes: number;
  socket: WebSocket | null;
  /** Results for which there was no connection. */
  readonly waiting: string[];
}

/** As much of Gladia's live transcription (/v2/live) as its client needs. */
export class GladiaService {
  readonly #sessions = new Map<string, Session>();

  /** POST /v2/live: a new session, and where to send its sound: to the same host as this request. */
  create(request: IncomingMessage, response: ServerResponse): void {
    const id = randomUUID();
    this.#sessions.set(id, { ear: new Ear(), bytes: 0, socket: null, waiting: [] });
    request.resume();
    response.writeHead(201, { "Content-Type": "application/json", Connection: "close" });
    const url = `ws://${request.headers.host ?? ""}/v2/live?token=${id}`;
    response.end(JSON.stringify({ id, created_at: new Date().toISOString(), url }));
  }

  serve(socket: WebSocket, request: IncomingMessage): void {
    const id = /token=([\w-]+)/.exec(request.url ?? "")?.[1] ?? "";
    const session = this.#sessions.get(id);
    if (session === undefined) return socket.close(4404);
    session.socket = socket;
    for (const message of session.waiting.splice(0)) socket.send(message);
    socket.once("close", () => {
      if (session.socket === socket) session.socket = null;
    });
    socket.on("message", (data, isBinary) => {
      if (!Buffer.isBuffer(data)) return;
      if (isBinary) {
        const from = session.bytes;
        session.bytes += data.length;
        const acknowledgement = {
          byte_range: [from, session.bytes],
          time_range: [from / 32_000, session.bytes / 32_000],
        };
        socket.send(JSON.stringify({ ...about(id), type: "audio_chunk", acknowledged: true, data: acknowledgement }));
        tell(id, session, session.ear.hear(data));
      } else if (data.includes('"stop_recording"')) {
        tell(id, session, session.ear.finish());
        socket.close(1000);
      }
    });
  }
}

function about(id: string) {
  return { session_id: id, created_at: new Date().toISOString(), error: null };
}

function tell(id: string, session: Session, results: readonly Heard[]): void {
  for (const { text, startMs, endMs } of results) {
    const times = { start: startMs / 1000, end: endMs / 1000 };
    const utterance = { text, ...times, language: "en", confidence: 1, channel: 0, words: [] };
    const data = { id: randomUUID(), is_final: true, utterance };
    const message = JSON.stringify({ ...about(id), type: "transcript", data });
    if (session.socket === null) session.waiting.push(message);
    else session.socket.send(message);
  }
}
