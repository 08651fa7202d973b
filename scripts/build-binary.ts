/**
 * scripts/build-binary: the program, its libraries and the Node it is tested on, as one executable file, and beside it
 * what their authors want to go with it, FILE.licences.txt.
 * Progress goes to standard error; the last line of standard output is the file's path.
 */
import { writeFileSync } from "node:fs";
import { arches, hostArch } from "./build/arch.ts";
import { buildBinary } from "./build/binary.ts";
import { licences } from "./build/licences.ts";
import { buildOptions } from "./build/options.ts";
import { plainly } from "./build/plainly.ts";

await plainly("build-binary", async () => {
  const wanted = buildOptions("build-binary", arches, hostArch());
  const file = await buildBinary({ ...wanted, say: (text) => process.stderr.write(`build-binary: ${text}\n`) });
  writeFileSync(`${file}.licences.txt`, await licences(wanted.arch));
  process.stdout.write(`${file}\n`);
});
