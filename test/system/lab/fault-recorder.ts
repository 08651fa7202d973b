import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// A stand-in for arecord that does what the file named as its device says, and looks again every 100 ms, so that a test
// can have the microphone fail in the middle. Sound is 16 kHz, 16 bit, mono: 3200 bytes are 100 ms.

const program = `#!${process.execPath}
const { readFileSync } = require("node:fs");
const device = process.argv[process.argv.indexOf("-D") + 1];
const tone = (amplitude) => {
  const samples = Int16Array.from({ length: 1600 }, (_, at) => (at % 10 < 5 ? amplitude : -amplitude));
  return Buffer.from(samples.buffer);
};
const sounds = { noise: tone(300), zeros: tone(0), square: tone(32767) };
let dueMs = performance.now();
function turn() {
  const [what, ...words] = readFileSync(device, "utf8").trim().split(" ");
  if (what === "says") {
    process.stderr.write(words.join(" ") + "\\n", () => process.exit(1));
    return;
  }
  for (; dueMs <= performance.now(); dueMs += 100) if (what in sounds) process.stdout.write(sounds[what]);
  setTimeout(turn, dueMs - performance.now());
}
process.stdout.on("error", () => process.exit(1));
turn();
`;

/** A folder with the stand-in in it, for a PATH that leads nowhere else. */
export function faultRecorder(): { readonly folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "recorder-"));
  installRecorder(folder);
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

export function installRecorder(folder: string): void {
  writeFileSync(join(folder, "arecord"), program, { mode: 0o755 });
}
