// Continuous recognition from a push stream, as the SDK's samples have it. Argument: the service, http://host:port.
import sdk from "microsoft-cognitiveservices-speech-sdk";

const host = new URL(process.argv[2]);
host.protocol = "ws:";
const speechConfig = sdk.SpeechConfig.fromHost(host, "no-key");
speechConfig.speechRecognitionLanguage = "en-US";
const stream = sdk.AudioInputStream.createPushStream(sdk.AudioStreamFormat.getWaveFormatPCM(16_000, 16, 1));
const recognizer = new sdk.SpeechRecognizer(speechConfig, sdk.AudioConfig.fromStreamInput(stream));

recognizer.recognized = (_sender, { result }) => {
  if (result.reason === sdk.ResultReason.RecognizedSpeech) console.log(JSON.stringify({ text: result.text }));
};
recognizer.canceled = (_sender, event) => {
  console.error("canceled", sdk.CancellationReason[event.reason], event.errorDetails ?? "");
  process.exit(event.reason === sdk.CancellationReason.EndOfStream ? 0 : 1);
};
recognizer.sessionStopped = () => process.exit(0);
recognizer.startContinuousRecognitionAsync(
  () => console.error("started"),
  (error) => console.error("not started", error),
);

process.stdin.on("data", (bytes) => {
  // The SDK keeps what it is given: a copy that is nobody else's.
  stream.write(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
});
process.stdin.on("end", () => stream.close());
