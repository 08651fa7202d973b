// Live transcription, as the SDK's README has it. Argument: the service, http://host:port.
import { GladiaClient } from "@gladiaio/sdk";

const client = new GladiaClient({ apiKey: "no-key", apiUrl: process.argv[2] });
const session = client.liveV2().startSession({
  model: "solaria-1",
  encoding: "wav/pcm",
  sample_rate: 16_000,
  bit_depth: 16,
  channels: 1,
  language_config: { languages: ["en"] },
});

session.on("message", (message) => {
  if (message.type === "transcript" && message.data.is_final)
    console.log(JSON.stringify({ text: message.data.utterance.text }));
});
session.on("connecting", ({ attempt }) => console.error("connecting", attempt));
session.on("error", (error) => console.error("error", error.message));
session.once("ended", ({ code, reason }) => {
  console.error("ended", code, reason ?? "");
  process.exit(0);
});

process.stdin.on("data", (bytes) => session.sendAudio(bytes));
process.stdin.on("end", () => session.stopRecording());
