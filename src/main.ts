#!/usr/bin/env node
import { reportCrash } from "./cli/crash.ts";
import { runProgram } from "./cli/program.ts";

// Rejections that nothing handles arrive here, too.
process.on("uncaughtException", (error) => {
  reportCrash(error);
  process.exit(1);
});

// Small buffers are cut from a common piece of memory, and one of them holds all of it. The MQTT library keeps one for each
// length of message that it has ever sent: at 64 KiB a piece, Node's own measure, and even at 8, that is a leak.
Buffer.poolSize = 512;

// No `await` here: the packaged program is a script, where it may not stand by itself.
void runProgram(process.argv).then((code) => process.exit(code));
