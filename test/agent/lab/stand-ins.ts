import { putInPlace } from "../../lab/in-place-of.ts";

const outside = "./played-outside.ts";
const card = "./played-card.ts";
const disk = "node:fs/promises";

const places = [
  { of: /\/src\/agent\.ts$/, specifier: "./base/clock.ts", by: outside },
  { of: /\/src\/agent\.ts$/, specifier: "./host/watch.ts", by: outside },
  { of: /\/src\/agent\/(make-recognizer|voice)\.ts$/, specifier: "../sis/dial.ts", by: outside },
  { of: /\/src\/audio\/recording\.ts$/, specifier: "./recorder.ts", by: outside },
  { of: /\/src\/audio\/playback\.ts$/, specifier: "./player.ts", by: outside },
  { of: /\/src\/audio\/gate\.ts$/, specifier: "./gate/ear.ts", by: outside },
  { of: /\/src\/audio\/ducking\.ts$/, specifier: "./gate/ear.ts", by: outside },
  { of: /\/src\/panel\/panel\.ts$/, specifier: "../base/serial.ts", by: outside },
  { of: /\/src\/fleet\/broker\.ts$/, specifier: "./broker-line.ts", by: "../../fleet/lab/stand-in-line.ts" },
  { of: /\/src\/fleet\/outbox-file\.ts$/, specifier: disk, by: card },
  { of: /\/src\/agent\/latch\.ts$/, specifier: disk, by: card },
  { of: /\/src\/base\/(make-folder|sync-folder|replace-file)\.ts$/, specifier: disk, by: card },
  { of: /\/src\/audio\/(spool|disk\/[a-z-]+)\.ts$/, specifier: disk, by: card },
];

/** To be called before the agent is imported: at its edges are this folder's stand-ins from then on. */
export function standIn(): void {
  putInPlace(places, import.meta.url);
}
