// What streaming costs at the least: standard input in frames to a WebSocket, and nothing else. Argument: the address.
import { WebSocket } from "ws";
import { frameBytes } from "./frames.ts";

const socket = new WebSocket(process.argv[2] ?? "", { perMessageDeflate: false });
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
socket.on("message", () => {
  started = true;
  send();
});
process.stdin.on("data", (bytes: Buffer) => {
  waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes]);
  send();
});
process.stdin.on("end", () => {
  socket.send('{"command":"END","cancel":false}');
  socket.close();
});
