/**
 * A program that is only ever packaged: the parts of a packaged agent that are more than JavaScript, at work. Opens the
 * serial port that it is given, sends the first line it hears back, has the speech detector look at silence, and prints
 * what came of it. JavaScript, because the speech detector has no types.
 */
import startDetector from "@echogarden/fvad-wasm";
import { SerialPort } from "serialport";

const path = process.argv[2];

function echo() {
  return new Promise((resolve, reject) => {
    const port = new SerialPort({ path, baudRate: 115_200 });
    let heard = "";
    port.on("error", reject);
    port.on("open", () => process.stdout.write("open\n"));
    port.on("data", (bytes) => {
      heard += bytes.toString("latin1");
      if (!heard.endsWith("\n")) return;
      port.write(heard);
      port.drain(() => port.close(() => resolve(heard.trim())));
    });
  });
}

async function verdictOnSilence() {
  const detector = await startDetector();
  const handle = detector._fvad_new();
  detector._fvad_set_sample_rate(handle, 16_000);
  const frame = detector._malloc(2 * 160);
  detector.HEAP16.fill(0, frame / 2, frame / 2 + 160);
  return detector._fvad_process(handle, frame, 160);
}

// Not awaited at the top: what is packaged is a script.
void Promise.all([echo(), verdictOnSilence()]).then(([line, verdict]) => {
  process.stdout.write(`${JSON.stringify({ line, verdict })}\n`);
});
