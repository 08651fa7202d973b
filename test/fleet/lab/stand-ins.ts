import { registerHooks } from "node:module";

// Imported before the fleet: what is below its files and its connection are the stand-ins of this folder from then on.

const places = [
  { of: /\/src\/fleet\/(background-writer|outbox-file)\.ts$/, specifier: "node:fs/promises", by: "./stand-in-disk.ts" },
  { of: /\/src\/fleet\/broker\.ts$/, specifier: "./broker-line.ts", by: "./stand-in-line.ts" },
];

registerHooks({
  resolve(specifier, context, next) {
    const place = places.find((each) => each.specifier === specifier && each.of.test(context.parentURL ?? ""));
    if (place === undefined) return next(specifier, context);
    return { url: new URL(place.by, import.meta.url).href, shortCircuit: true };
  },
});
