/** scripts/verify: the checks over the source, then the tests. Stops before the tests if a check fails. */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import path from "node:path";
import { allChecks } from "./checks/all-checks.ts";
import { spread } from "./spread.ts";

const root = path.dirname(import.meta.dirname);
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(`stopped by ${signal}`));

const failed: string[] = [];
const passed: string[] = [];
const unseen: string[] = [];
await spread(allChecks, availableParallelism(), async ({ name, run }) => {
  const startedMs = performance.now();
  const { ok, output, skipped } = await run(stop.signal);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (skipped === undefined)
    process.stdout.write(`${ok ? "ok  " : "FAIL"} ${name} (${seconds} s)\n${ok ? "" : `${output.trimEnd()}\n`}`);
  else process.stdout.write(`skip ${name}: ${skipped}\n`);
  (ok ? (skipped === undefined ? passed : unseen) : failed).push(name);
});

if (failed.length === 0) {
  // The suite holds the checks as tests, too, for CI: not twice.
  const tests = path.join(root, "scripts/run-tests.ts");
  const { status } = spawnSync(process.execPath, [tests, "--except", "test/tooling/checks.test.ts"], {
    cwd: root,
    stdio: "inherit",
  });
  (status === 0 ? passed : failed).push("tests");
} else {
  process.stdout.write("no tests: mend the above first\n");
}
if (unseen.length > 0) process.stdout.write(`\nnot looked at: ${unseen.join(", ")}`);
process.stdout.write(
  `\n${failed.length === 0 ? `verified: ${passed.join(", ")}` : `not verified: ${failed.join(", ")}`}\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
