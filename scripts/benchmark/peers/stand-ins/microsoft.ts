import type { WebSocket } from "ws";
import { Ear, type Heard } from "./ear.ts";

/** What a message of the protocol is: header lines, an empty line, a body. */
interface Message {
  readonly path: string;
  readonly requestId: string;
  readonly body: Buffer;
}

/** 100 ns. */
const ticksPerMs = 10_000;
const riffHeaderBytes = 44;

/** As much of Azure's speech recognition as its client needs: each request on a connection is a turn of its own. */
export function serveMicrosoft(socket: WebSocket): void {
  let turn: { readonly requestId: string; readonly ear: Ear } | null = null;
  const say = (requestId: string, path: string, body: object) => {
    const head = `X-RequestId:${requestId}\r\nContent-Type:application/json; charset=utf-8\r\nPath:${path}\r\n\r\n`;
    socket.send(`${head}${JSON.stringify(body)}`);
  };
  const tell = (requestId: string, results: readonly Heard[]) => {
    for (const { text, startMs, endMs } of results) {
      const times = { Offset: startMs * ticksPerMs, Duration: (endMs - startMs) * ticksPerMs };
      say(requestId, "speech.phrase", { RecognitionStatus: "Success", DisplayText: text, ...times });
    }
  };
  socket.on("message", (data, isBinary) => {
    if (!Buffer.isBuffer(data) || !isBinary) return;
    const message = parse(data);
    if (message?.path !== "audio") return;
    const { requestId, body } = message;
    if (turn?.requestId !== requestId) {
      turn = { requestId, ear: new Ear() };
      say(requestId, "turn.start", { context: { serviceTag: requestId } });
    }
    if (body.length === 0) {
      tell(requestId, turn.ear.finish());
      say(requestId, "turn.end", {});
      turn = null;
    } else tell(requestId, turn.ear.hear(body.subarray(0, 4).equals(riff) ? body.subarray(riffHeaderBytes) : body));
  });
}

const riff = Buffer.from("RIFF");

/** A binary message: two bytes with the length of its header, the header, the body. */
function parse(data: Buffer): Message | null {
  if (data.length < 2) return null;
  const length = data.readUInt16BE(0);
  const header = data.toString("latin1", 2, 2 + length);
  const valueOf = (name: string) => new RegExp(`^${name}:\\s*(.*?)\\s*$`, "im").exec(header)?.[1] ?? "";
  return { path: valueOf("Path"), requestId: valueOf("X-RequestId"), body: data.subarray(2 + length) };
}
