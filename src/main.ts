#!/usr/bin/env node
import { reportCrash } from "./cli/crash.ts";
import { runProgram } from "./cli/program.ts";

// Rejections that nothing handles arrive here, too.
process.on("uncaughtException", (error) => {
  reportCrash(error);
  process.exit(1);
});

process.exit(await runProgram(process.argv));
