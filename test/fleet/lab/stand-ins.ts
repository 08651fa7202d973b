import { registerHooks } from "node:module";

const places = [
  {
    of: /\/src\/(fleet\/(background-writer|outbox-file)|base\/(make|sync)-folder)\.ts$/,
    specifier: "node:fs/promises",
    by: "./stand-in-disk.ts",
  },
  { of: /\/src\/fleet\/broker\.ts$/, specifier: "./broker-line.ts", by: "./stand-in-line.ts" },
];

/** To be called before the fleet is imported: below its files and its connection are this folder's stand-ins from then on. */
export function standIn(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const place = places.find((each) => each.specifier === specifier && each.of.test(context.parentURL ?? ""));
      if (place === undefined) return next(specifier, context);
      return { url: new URL(place.by, import.meta.url).href, shortCircuit: true };
    },
  });
}
