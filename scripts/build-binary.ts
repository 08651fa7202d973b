/**
 * scripts/build-binary: the program, its libraries and the Node it is tested on, as one executable file.
 * Progress goes to standard error; the last line of standard output is the file's path.
 */
import { parseArgs } from "node:util";
import { type Arch, arches, hostArch } from "./build/arch.ts";
import { buildBinary } from "./build/binary.ts";

const usage = `usage: scripts/build-binary [--arch x64|arm64] [--out FOLDER]
  --arch    the processor it is for (default: this machine's)
  --out     where the file goes (default: dist)`;

function options(): { readonly arch: Arch; readonly out: string } | string {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: "boolean", short: "h", default: false },
        arch: { type: "string", default: hostArch() },
        out: { type: "string", default: "dist" },
      },
    });
    if (values.help) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    const arch = arches.find((each) => each === values.arch);
    return arch === undefined ? `--arch is ${arches.join(" or ")}` : { arch, out: values.out };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const wanted = options();
if (typeof wanted === "string") {
  process.stderr.write(`${wanted}\n${usage}\n`);
  process.exit(2);
}
const file = await buildBinary({ ...wanted, say: (text) => process.stderr.write(`build-binary: ${text}\n`) });
process.stdout.write(`${file}\n`);
