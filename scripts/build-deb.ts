/**
 * scripts/build-deb: the packaged program with its service, as a Debian package.
 * Progress goes to standard error; the last line of standard output is the file's path.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { version } from "../src/cli/version.ts";
import { hostArch } from "./build/arch.ts";
import { buildBinary } from "./build/binary.ts";
import { buildDeb, type DebArch, debArches } from "./build/deb.ts";

const usage = `usage: scripts/build-deb [--arch amd64|arm64] [--out FOLDER]
  --arch    the processor it is for (default: this machine's)
  --out     where the file goes (default: dist)`;

function options(): { readonly arch: DebArch; readonly out: string } | string {
  try {
    const { values } = parseArgs({
      options: {
        help: { type: "boolean", short: "h", default: false },
        arch: { type: "string", default: hostArch() === "x64" ? "amd64" : "arm64" },
        out: { type: "string", default: "dist" },
      },
    });
    if (values.help) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    const arch = debArches.find((each) => each === values.arch);
    return arch === undefined ? `--arch is ${debArches.join(" or ")}` : { arch, out: values.out };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const wanted = options();
if (typeof wanted === "string") {
  process.stderr.write(`${wanted}\n${usage}\n`);
  process.exit(2);
}
const say = (text: string) => process.stderr.write(`build-deb: ${text}\n`);
const folder = mkdtempSync(path.join(tmpdir(), "sis-agent-deb-"));
try {
  const binary = await buildBinary({ arch: wanted.arch === "amd64" ? "x64" : "arm64", out: folder, say });
  say("compressing, which takes a while");
  const file = await buildDeb({ ...wanted, binary, version });
  process.stdout.write(`${file}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
