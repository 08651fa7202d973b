import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const clocks = fileURLToPath(import.meta.resolve("../lab/manual-clock.ts"));
const engine = fileURLToPath(import.meta.resolve("../../src/cli/engine.ts"));

/** @returns what it prints, and what V8 says of flags that it does not know */
async function run(script: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const code = `import { collectFromTimeToTime, expectLongRun, optimizeTheSteady, optimizeSoon } from ${JSON.stringify(engine)};\n${script}`;
  const flags = ["--allow-natives-syntax", "--input-type=module", "--eval", code];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, flags);
  return { stdout: stdout.trim(), stderr };
}

/** Whether V8 optimizes a function within 300 calls: bit 5 of its status is the quick compiler, bit 4 the thorough one. */
const optimizes = `
  function work(a) { return a * 3 + 1; }
  const isOptimized = () => (%GetOptimizationStatus(work) & 0b110000) !== 0;
  for (let n = 0; n < 300 && !isOptimized(); n += 1) {
    work(n);
    // Like the messages: the compilers, which work beside it, have the time that they need.
    await new Promise((done) => setTimeout(done, 1));
  }
  console.log(isOptimized());`;

/** Whether the place for new objects grows beyond 16 MB while all that is made is kept, as at a start: to 32 MB by itself. */
const grows = `
  const { getHeapSpaceStatistics } = await import("node:v8");
  const kept = [];
  let most = 0;
  for (let n = 0; n < 600_000; n += 1) {
    kept.push({ n });
    if (n % 10_000 !== 0) continue;
    most = Math.max(most, getHeapSpaceStatistics().find((each) => each.space_name === "new_space").space_size);
  }
  console.log(most > 16e6);`;

test("what a steady program does again and again is optimized within some hundred messages, and only while it is told to", async () => {
  assert.deepEqual(await run(`optimizeSoon();${optimizes}`), { stdout: "true", stderr: "" });
  assert.deepEqual(await run(optimizes), { stdout: "false", stderr: "" });
  assert.deepEqual(await run(`optimizeSoon(); optimizeTheSteady();${optimizes}`), { stdout: "false", stderr: "" });
});

test("where objects are made stays small in a long run, and by itself does not", async () => {
  assert.deepEqual(await run(`expectLongRun();${grows}`), { stdout: "false", stderr: "" });
  assert.deepEqual(await run(grows), { stdout: "true", stderr: "" });
});

test("what is not needed any more goes within ten minutes, however little was made meanwhile, until the end", async () => {
  const { stdout, stderr } = await run(`
    const { ManualClock } = await import(${JSON.stringify(clocks)});
    const clock = new ManualClock();
    const collecting = collectFromTimeToTime(clock);
    const isGone = async (minutes) => {
      const left = new WeakRef({});
      await new Promise((done) => setTimeout(done, 1));
      clock.advance(minutes * 60_000);
      return left.deref() === undefined;
    };
    const gone = [await isGone(9), await isGone(1), await isGone(9), await isGone(1)];
    collecting[Symbol.dispose]();
    console.log(...gone, await isGone(60), clock.pending);`);
  assert.deepEqual({ stdout, stderr }, { stdout: "false true false true false 0", stderr: "" });
});
