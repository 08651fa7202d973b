/**
 * scripts/test [--system] [FILES...]: runs test files and tells, as its last line, `N passed, N failed`.
 * Exit code 0 only if something ran and nothing failed.
 */
import { existsSync, globSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { spread } from "./spread.ts";
import type { FileResult, Finding } from "./testing/file-result.ts";
import { runFile } from "./testing/run-file.ts";

const usage = `usage: scripts/test [OPTIONS] [FILES...]
Runs the whole suite but for *.long.test.ts, or the files and folders named.
  --system            only test/system/, the long ones, too: the whole program with real recorders, brokers, networks,
                      packages and service managers
  --except FILE       leave a file out (repeatable)
  --test-seconds N    limit for a test that sets none itself (300)
  --silence-seconds N limit for a file that nothing is heard of (600)
  --run-seconds N     limit for the whole run (4800)`;

const root = path.dirname(import.meta.dirname);

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h", default: false },
        system: { type: "boolean", default: false },
        except: { type: "string", multiple: true, default: [] },
        "test-seconds": { type: "string", default: "300" },
        "silence-seconds": { type: "string", default: "600" },
        "run-seconds": { type: "string", default: "4800" },
      },
    });
  } catch (error) {
    return badUsage(error instanceof Error ? error.message : String(error));
  }
}

function badUsage(why: string): never {
  process.stderr.write(`${why}\n${usage}\n`);
  process.exit(2);
}

function tellFile(result: FileResult): void {
  const counts = [`${result.passed} passed`];
  if (result.failed.length > 0) counts.push(`${result.failed.length} failed`);
  if (result.skipped.length > 0) counts.push(`${result.skipped.length} skipped`);
  const mark = result.failed.length > 0 ? "FAIL" : "ok  ";
  process.stdout.write(`${mark} ${result.file}: ${counts.join(", ")} (${(result.ms / 1000).toFixed(1)} s)\n`);
}

function tellFailures(results: readonly FileResult[]): void {
  for (const result of results.filter(({ failed }) => failed.length > 0)) {
    for (const { name, text } of result.failed.filter((finding) => finding.text !== "")) {
      const title = name === result.file ? name : `${result.file}: ${name}`;
      process.stdout.write(`\nFAILED ${title}\n${indent(text)}`);
    }
    if (result.output !== "") process.stdout.write(`\nOUTPUT ${result.file}\n${indent(result.output)}`);
  }
}

function tellSkipped(skipped: readonly Finding[]): void {
  if (skipped.length === 0) return;
  process.stdout.write(`\n${skipped.length} skipped:\n`);
  for (const { name, text } of skipped) process.stdout.write(indent(text === "true" ? name : `${name}: ${text}`));
}

function indent(text: string): string {
  return text === "" ? "" : text.trimEnd().replaceAll(/^/gm, "  ").concat("\n");
}

const { values, positionals } = options();
if (values.help) {
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}
for (const name of positionals)
  if (!existsSync(name)) badUsage(`there is no test file or folder ${JSON.stringify(name)} here`);
const seconds = (name: "test-seconds" | "silence-seconds" | "run-seconds"): number => {
  const text = values[name];
  if (!/^\d{1,7}(\.\d{1,3})?$/.test(text) || Number(text) === 0)
    badUsage(`--${name}: "${text}" is not a number of seconds`);
  return Number(text) * 1000;
};
const patience = { testMs: seconds("test-seconds"), silenceMs: seconds("silence-seconds") };

const stop = new AbortController();
const guard = setTimeout(
  () => stop.abort(`the run took longer than ${values["run-seconds"]} s`),
  seconds("run-seconds"),
);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(`stopped by ${signal}`));

const except = new Set(values.except.map((file) => path.resolve(file)));
const testsIn = (folder: string) => globSync("**/*.test.ts", { cwd: folder }).map((file) => path.join(folder, file));
const whole = path.join(root, values.system ? "test/system" : "test");
const named = (positionals.length > 0 ? positionals : [whole]).map((name) => path.resolve(name));
const files = named
  .flatMap((name) => (statSync(name, { throwIfNoEntry: false })?.isDirectory() === true ? testsIn(name) : [name]))
  .filter((file) => !except.has(file))
  .filter((file) => values.system || !file.endsWith(".long.test.ts") || named.includes(file))
  .toSorted();
// Whole programs mostly wait for time to pass, two at a time; those that keep the processors busy get them for themselves.
const isSystem = (file: string) => path.relative(root, file).startsWith("test/system/");
const busy = new Set(["bench", "binary", "campaign", "deb", "other-service", "outage"]);
const isBusy = (file: string) =>
  isSystem(file) && (file.endsWith(".long.test.ts") || busy.has(path.basename(file, ".test.ts")));

const results: FileResult[] = [];
const run = async (file: string) => {
  if (stop.signal.aborted) return;
  const result = await runFile(path.relative(process.cwd(), file), patience, stop.signal);
  tellFile(result);
  results.push(result);
};
await spread(
  files.filter((file) => !isSystem(file)),
  availableParallelism(),
  run,
);
await spread(
  files.filter((file) => isSystem(file) && !isBusy(file)),
  availableParallelism(),
  run,
);
await spread(files.filter(isBusy), 1, run);
clearTimeout(guard);

const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed.length, 0);
tellFailures(results);
tellSkipped(results.flatMap((result) => result.skipped));
if (stop.signal.aborted) {
  process.stdout.write(`\n${String(stop.signal.reason)}: ${files.length - results.length} files were not run\n`);
}
if (passed + failed === 0) process.stdout.write("\nno test was run\n");
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 || stop.signal.aborted ? 1 : 0;
