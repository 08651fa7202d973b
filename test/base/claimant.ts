// A program for claim.test.ts: for each line "TIME FOLDER" waits until that time (ms since the epoch), busily, claims the folder, and says
// what came of it.
import { createInterface } from "node:readline";
import { claim } from "../../src/base/claim.ts";
import { Fault } from "../../src/base/fault.ts";

for await (const line of createInterface(process.stdin)) {
  const [time = "", folder = ""] = line.split(" ");
  while (Date.now() < Number(time));
  let became = "claimed";
  try {
    claim(folder, "has it");
  } catch (error) {
    became = error instanceof Fault ? error.code : String(error);
  }
  process.stdout.write(`${became}\n`);
}
