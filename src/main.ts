#!/usr/bin/env node
import { reportCrash } from "./cli/crash.ts";
import { runProgram } from "./cli/program.ts";

// Rejections that nothing handles arrive here, too.
process.on("uncaughtException", (error) => {
  reportCrash(error);
  process.exit(1);
});

// No `await` here: the packaged program is a script, where it may not stand by itself.
void runProgram(process.argv).then((code) => process.exit(code));
