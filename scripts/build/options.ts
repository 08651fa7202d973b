import { parseArgs } from "node:util";
import { whyNotInto } from "./make-folders.ts";

/**
 * What scripts/build-binary and scripts/build-deb are asked for. Prints the usage and ends the process where that is
 * asked for (0), or where what is asked for cannot be (2).
 * @param name of the script
 * @param arches what its `--arch` may be, in its own words @param host the one of this machine
 */
export function buildOptions<Arch extends string>(
  name: string,
  arches: readonly Arch[],
  host: Arch,
): { readonly arch: Arch; readonly out: string } {
  const usage = `usage: scripts/${name} [--arch ${arches.join("|")}] [--out FOLDER]
  --arch    the processor it is for (default: this machine's)
  --out     where the file goes (default: dist)`;
  const wanted = read(arches, host);
  if (typeof wanted === "object") return wanted;
  if (wanted === "help") {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  process.stderr.write(`${wanted}\n${usage}\n`);
  process.exit(2);
}

function read<Arch extends string>(
  arches: readonly Arch[],
  host: Arch,
): { readonly arch: Arch; readonly out: string } | string {
  try {
    const fallback: string = host;
    const { values } = parseArgs({
      options: {
        help: { type: "boolean", short: "h", default: false },
        arch: { type: "string", default: fallback },
        out: { type: "string", default: "dist" },
      },
    });
    if (values.help) return "help";
    const arch = arches.find((each) => each === values.arch);
    if (arch === undefined) return `--arch is ${arches.join(" or ")}`;
    const why = whyNotInto(values.out);
    return why === null ? { arch, out: values.out } : `--out: ${why}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
