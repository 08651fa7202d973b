/**
 * scripts/build-binary: the program, its libraries and the Node it is tested on, as one executable file.
 * Progress goes to standard error; the last line of standard output is the file's path.
 */
import { arches, hostArch } from "./build/arch.ts";
import { buildBinary } from "./build/binary.ts";
import { buildOptions } from "./build/options.ts";

const wanted = buildOptions("build-binary", arches, hostArch());
const file = await buildBinary({ ...wanted, say: (text) => process.stderr.write(`build-binary: ${text}\n`) });
process.stdout.write(`${file}\n`);
