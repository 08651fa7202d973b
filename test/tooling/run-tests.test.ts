import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { eventually } from "../system/lab/processes.ts";

const runner = path.join(import.meta.dirname, "../../scripts/run-tests.ts");

interface Run {
  readonly code: number | null;
  readonly output: string;
  readonly lastLine: string;
}

/** Runs the runner over test files with these texts. */
async function run(files: Readonly<Record<string, string>>, ...options: string[]): Promise<Run> {
  const folder = mkdtempSync(path.join(tmpdir(), "sis-agent-runner-"));
  try {
    const paths = Object.keys(files).map((name) => path.join(folder, name));
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(path.join(folder, name), `import { describe, test } from "node:test";\n${text}`);
    }
    // Node's own variable would have the files report to this test's runner.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, [runner, ...options, ...paths], { env, cwd: folder });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    const code = await new Promise<number | null>((resolve) => {
      child.once("close", resolve);
    });
    return { code, output, lastLine: output.trimEnd().split("\n").at(-1) ?? "" };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a green suite: exit code 0, and the count last", async () => {
  const { code, lastLine } = await run({
    "a.ts": 'test("one", () => {}); describe("s", () => { test("two", () => {}); });',
    "b.ts": 'test("line\\u2028separator", () => {});',
  });
  assert.deepEqual([code, lastLine], [0, "3 passed, 0 failed"]);
});

test("a failure: exit code 1, with its name and error", async () => {
  const { code, lastLine, output } = await run({
    "a.ts": 'test("good", () => {}); describe("s", () => { test("bad", () => { throw new Error("so bad"); }); });',
  });
  assert.deepEqual([code, lastLine], [1, "1 passed, 1 failed"]);
  assert.match(output, /FAILED a\.ts: s › bad\n {2}Error: so bad/);
});

test("skipped and unfinished tests are neither passed nor failed, and are told with their reasons", async () => {
  const { code, lastLine, output } = await run({
    "a.ts":
      'test("good", () => {}); test("mute", { skip: "no sound card" }, () => {});' +
      'test("later", { todo: "next week" }, () => { throw new Error(); });',
  });
  assert.deepEqual([code, lastLine], [0, "1 passed, 0 failed"]);
  assert.match(output, /2 skipped:\n {2}mute: no sound card\n {2}later: to do: next week/);
});

test("nothing but skipped tests is no success", async () => {
  const { code, lastLine, output } = await run({ "a.ts": 'test("mute", { skip: true }, () => {});' });
  assert.deepEqual([code, lastLine], [1, "0 passed, 0 failed"]);
  assert.match(output, /no test was run/);
});

for (const [what, text, words] of [
  ["has no test", "", /has no test/],
  ["does not load", 'import "./nowhere.ts";', /exit code 1[^]*Cannot find module/],
  ["exits in the middle", 'test("one", () => { process.exit(0); }); test("two", () => {});', /exited before/],
  ["exits with a code of its own", 'test("one", () => {}); process.exitCode = 3;', /exit code 3/],
  ["is killed", 'test("one", () => { process.kill(process.pid, "SIGKILL"); });', /killed by SIGKILL/],
] as const) {
  test(`a file that ${what} is a failure`, async () => {
    const { code, lastLine, output } = await run({ "a.ts": text });
    assert.equal(code, 1);
    assert.match(lastLine, /^\d passed, 1 failed$/);
    assert.match(output, words);
  });
}

test("an error after its test was over is a failure", async () => {
  const { code, output } = await run({
    "a.ts": 'test("one", () => { setTimeout(() => { throw new Error("too late"); }, 20); });',
  });
  assert.equal(code, 1);
  assert.match(output, /too late/);
});

test("a test that hangs is named, and the others still count", async () => {
  const { code, lastLine, output } = await run(
    { "a.ts": 'test("waits", async () => { await new Promise(() => {}); }); test("good", () => {});' },
    "--test-seconds=0.5",
  );
  assert.deepEqual([code, lastLine], [1, "1 passed, 1 failed"]);
  assert.match(output, /FAILED a\.ts: waits\n {2}test timed out after 500ms/);
});

test("a file that never yields is ended", async () => {
  const { code, output } = await run({ "a.ts": 'test("spins", () => { for (;;); });' }, "--silence-seconds=1");
  assert.equal(code, 1);
  assert.match(output, /FAILED a\.ts\n {2}no news for 1 s/);
});

test("a file that leaves something open is ended, and told so", async () => {
  const { code, lastLine, output } = await run(
    { "a.ts": 'test("one", () => { setInterval(() => {}, 1000); });' },
    "--silence-seconds=6",
  );
  assert.deepEqual([code, lastLine], [1, "1 passed, 1 failed"]);
  assert.match(output, /something is left open/);
});

test("a process left behind is a failure, and does not stay", async () => {
  const { code, output } = await run({
    "a.ts":
      'import { spawn } from "node:child_process";\n' +
      'test("one", () => { const left = spawn("sleep", ["61"]); console.log(left.pid); left.unref(); left.stdin.destroy();' +
      "left.stdout.destroy(); left.stderr.destroy(); });",
  });
  assert.equal(code, 1);
  assert.match(output, /left processes behind:\n {2}sleep 61/);
  const pid = Number(/^ {2}(\d+)$/m.exec(output)?.[1]);
  assert.ok(pid > 0, output);
  // Gone, or dead and only not yet reaped by the machine's first process.
  const isGone = () => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
    } catch {
      return true;
    }
  };
  await eventually(isGone, "it is gone");
});

test("the whole run has a limit: what it cuts off is told", async () => {
  const { code, output } = await run(
    { "a.ts": 'test("waits", async () => { await new Promise((resolve) => setTimeout(resolve, 60_000)); });' },
    "--run-seconds=8",
  );
  assert.equal(code, 1);
  assert.match(output, /the run took longer than 8 s during: waits/);
});

test("a bad option is bad usage", async () => {
  assert.equal((await run({}, "--loud")).code, 2);
});
