import { registerHooks } from "node:module";

/** Which modules get another one where they import `specifier`. */
export interface Place {
  readonly of: RegExp;
  readonly specifier: string;
  /** Relative to `base`. */
  readonly by: string;
}

/** To be called before the modules are imported. @param base the address of who names the places */
export function putInPlace(places: readonly Place[], base: string): void {
  registerHooks({
    resolve(specifier, context, next) {
      const place = places.find((each) => each.specifier === specifier && each.of.test(context.parentURL ?? ""));
      if (place === undefined) return next(specifier, context);
      return { url: new URL(place.by, base).href, shortCircuit: true };
    },
  });
}
