import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const modules = globSync("src/**/*.ts", { cwd: root }).map((name) => ({
  name: `/${name}`,
  text: readFileSync(join(root, name), "utf8"),
}));

/** Which modules get another one where they import `specifier`. */
export interface Place {
  readonly of: RegExp;
  readonly specifier: string;
  /** Relative to `base`. */
  readonly by: string;
}

/** To be called before the modules are imported. @param base the address of who names the places */
export function putInPlace(places: readonly Place[], base: string): void {
  for (const { of, specifier } of places) {
    const found = modules.some(({ name, text }) => of.test(name) && text.includes(`from "${specifier}"`));
    assert.ok(found, `no module ${of} imports ${specifier} any more`);
  }
  registerHooks({
    resolve(specifier, context, next) {
      const place = places.find((each) => each.specifier === specifier && each.of.test(context.parentURL ?? ""));
      if (place === undefined) return next(specifier, context);
      return { url: new URL(place.by, base).href, shortCircuit: true };
    },
  });
}
