// The least that a client can be, beside the agent: standard input in frames to a WebSocket, results to standard
// output. What happens when the connection breaks is nobody's business. Argument: the service, http://host:port.
import { WebSocket } from "ws";
import { frameBytes } from "../frames.ts";

const base = (process.argv[2] ?? "").replace("http:", "ws:");
const socket = new WebSocket(`${base}/v1/peers/rasr/continue-stream`, { perMessageDeflate: false });
let waiting: Buffer = Buffer.alloc(0);
let started = false;

function send(): void {
  while (started && waiting.length >= frameBytes) {
    socket.send(waiting.subarray(0, frameBytes));
    waiting = waiting.subarray(frameBytes);
  }
}

socket.on("open", () => {
  const config = { audio_format: "pcm16k16bit", property: "chinese_16k_general" };
  socket.send(JSON.stringify({ command: "START", config }));
});
socket.on("message", (data) => {
  if (!Buffer.isBuffer(data)) return;
  // It is the simulator at the other end.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const reply = JSON.parse(data.toString()) as { resp_type: string; segments?: { result: { text: string } }[] };
  if (reply.resp_type === "START") started = true;
  if (reply.resp_type === "END") socket.close();
  for (const { result } of reply.segments ?? []) process.stdout.write(`${JSON.stringify({ text: result.text })}\n`);
  send();
});
socket.on("error", (error) => process.stderr.write(`${error.message}\n`));
socket.on("close", () => process.exit(0));
process.stdin.on("data", (bytes: Buffer) => {
  waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes]);
  send();
});
process.stdin.on("end", () => {
  if (socket.readyState === WebSocket.OPEN) socket.send('{"command":"END","cancel":false}');
});
