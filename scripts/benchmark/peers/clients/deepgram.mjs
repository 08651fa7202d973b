// Live transcription, as the SDK's README has it. Argument: the service, http://host:port.
import { DeepgramClient } from "@deepgram/sdk";

const base = process.argv[2];
const production = base.replace("http:", "ws:");
const client = new DeepgramClient({
  apiKey: "no-key",
  environment: { base, production, agent: production, agentRest: base },
});
const connection = await client.listen.v1.connect({
  model: "nova-3",
  language: "en",
  encoding: "linear16",
  sample_rate: 16_000,
  channels: 1,
});

connection.on("open", () => console.error("open"));
connection.on("message", (data) => {
  if (data.type !== "Results" || data.is_final !== true) return;
  const text = data.channel.alternatives[0].transcript;
  if (text !== "") console.log(JSON.stringify({ text }));
});
connection.on("error", (error) => console.error("error", error.message));
connection.on("close", ({ code }) => {
  console.error("close", code);
  if (process.stdin.readableEnded && code === 1000) process.exit(0);
});

connection.connect();
await connection.waitForOpen();

const open = 1;
process.stdin.on("data", (bytes) => {
  // sendMedia throws where the socket is not open.
  if (connection.readyState === open) connection.sendMedia(bytes);
});
process.stdin.on("end", () => {
  if (connection.readyState === open) connection.sendCloseStream({ type: "CloseStream" });
});
