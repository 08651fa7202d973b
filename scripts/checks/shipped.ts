/** What goes to users with the program: every package that package-lock.json does not call a developer's. */
import { readFileSync } from "node:fs";
import path from "node:path";

export interface LockedPackage {
  /** Its folder: `node_modules/ws`. */
  readonly place: string;
  readonly name: string;
  readonly version: string;
  /** As its maker writes it, an SPDX expression; empty: it says nothing. */
  readonly licence: string;
}

const root = path.join(import.meta.dirname, "../..");

interface Entry {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

/** Libraries, and the Node that is in the packaged program. */
export function shippedPackages(lockFile = path.join(root, "package-lock.json")): readonly LockedPackage[] {
  const lock: unknown = JSON.parse(readFileSync(lockFile, "utf8"));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm wrote it
  const { packages } = lock as { readonly packages: Readonly<Record<string, Entry>> };
  return Object.entries(packages)
    .filter(([place, { dev, link }]) => place.startsWith("node_modules/") && dev !== true && link !== true)
    .map(([place, { version = "", license = "" }]) => ({
      place,
      name: place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length),
      version,
      licence: license,
    }));
}
