/**
 * scripts/build-deb: the packaged program with its service, as a Debian package.
 * Progress goes to standard error; the last line of standard output is the file's path.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { version } from "../src/cli/version.ts";
import { hostArch } from "./build/arch.ts";
import { buildBinary } from "./build/binary.ts";
import { buildDeb, debArches } from "./build/deb.ts";
import { buildOptions } from "./build/options.ts";
import { plainly } from "./build/plainly.ts";

const say = (text: string) => process.stderr.write(`build-deb: ${text}\n`);

await plainly("build-deb", async () => {
  const wanted = buildOptions("build-deb", debArches, hostArch() === "x64" ? "amd64" : "arm64");
  if (spawnSync("dpkg-deb", ["--version"]).error !== undefined)
    throw Object.assign(new Error("dpkg-deb is not installed, which packs it"), { hint: "apt-get install dpkg" });
  const folder = mkdtempSync(path.join(tmpdir(), "sis-agent-deb-"));
  try {
    const binary = await buildBinary({ arch: wanted.arch === "amd64" ? "x64" : "arm64", out: folder, say });
    say("compressing, which takes a while");
    const file = await buildDeb({ ...wanted, binary, version });
    process.stdout.write(`${file}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
