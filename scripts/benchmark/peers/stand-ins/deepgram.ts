import type { WebSocket } from "ws";
import { Ear, type Heard } from "./ear.ts";

/** As much of Deepgram's live transcription (/v1/listen) as its client needs: each connection is a stream of its own. */
export function serveDeepgram(socket: WebSocket): void {
  const ear = new Ear();
  const tell = (results: readonly Heard[]) => {
    for (const { text, startMs, endMs } of results) {
      const alternatives = [{ transcript: text, confidence: 1, words: [] }];
      const times = { start: startMs / 1000, duration: (endMs - startMs) / 1000 };
      const result = { type: "Results", channel_index: [0, 1], ...times, is_final: true, speech_final: true };
      socket.send(JSON.stringify({ ...result, channel: { alternatives } }));
    }
  };
  socket.on("message", (data, isBinary) => {
    if (!Buffer.isBuffer(data)) return;
    if (isBinary) tell(ear.hear(data));
    else if (data.includes('"CloseStream"')) {
      tell(ear.finish());
      socket.send('{"type":"Metadata","request_id":"r","duration":0,"channels":1}');
      socket.close(1000);
    }
  });
}
