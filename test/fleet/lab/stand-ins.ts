import { putInPlace } from "../../lab/in-place-of.ts";

const places = [
  {
    of: /\/src\/(fleet\/outbox-file|base\/(make-folder|sync-folder|replace-file))\.ts$/,
    specifier: "node:fs/promises",
    by: "./stand-in-disk.ts",
  },
  { of: /\/src\/fleet\/broker\.ts$/, specifier: "./broker-line.ts", by: "./stand-in-line.ts" },
];

/** To be called before the fleet is imported: below its files and its connection are this folder's stand-ins from then on. */
export function standIn(): void {
  putInPlace(places, import.meta.url);
}
