#!/usr/bin/env node
import { reportCrash } from "./cli/crash.ts";
import { expectLongRun } from "./cli/engine.ts";
import { nodeComplaint } from "./cli/least-node.ts";

const complaint = nodeComplaint(process.versions.node);
if (complaint !== null) {
  process.stderr.write(`${complaint}\n`);
  process.exit(1);
}

// Rejections that nothing handles arrive here, too.
process.on("uncaughtException", (error) => {
  reportCrash(error);
  process.exit(1);
});

if (process.argv[2] === "run") expectLongRun();

// Loaded only now: what a start needs of memory would have been taken before. And no `await`: the packaged program is a script,
// where it may not stand by itself.
void import("./cli/program.ts").then(({ runProgram }) => runProgram(process.argv)).then((code) => process.exit(code));
