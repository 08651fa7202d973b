import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { eventually, processesWith } from "./lab/processes.ts";

const program = join(import.meta.dirname, "../../scripts/run-campaign.ts");

/** Runs a campaign whose temporary files go to a folder of its own. */
async function campaign(words: readonly string[], signal: AbortSignal) {
  const folder = await mkdtemp(join(tmpdir(), "campaign-test-"));
  const child = spawn(process.execPath, [program, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: folder },
  });
  const end = () => void child.kill("SIGINT");
  signal.addEventListener("abort", end);
  const out = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    out.stderr += text;
  });
  const closed = once(child, "close");
  return {
    child,
    out,
    folder,
    closed,
    async [Symbol.asyncDispose]() {
      signal.removeEventListener("abort", end);
      child.kill("SIGKILL");
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

suite("a campaign of faults", { timeout: 500_000 }, () => {
  test("loses nothing, doubles nothing, and says so in its last line", { timeout: 240_000 }, async ({ signal }) => {
    const words = ["--faults", "12", "--seed", "4", "--lanes", "6", "--kinds", "quick", "--json"];
    await using run = await campaign(words, signal);
    await run.closed;
    assert.equal(run.child.exitCode, 0, `${run.out.stderr}\n${run.out.stdout}`);
    const last = run.out.stdout.trimEnd().split("\n").at(-1) ?? "";
    const numbers = String.raw`\d+`;
    const shape = `{"faults":12,"words":N,"lost":0,"doubled":0,"live_again_ms":{"p50":N,"max":N},"ledger":{"captured_ms":N,"acknowledged_ms":N,"lost_ms":0}}`;
    assert.match(last, new RegExp(`^${shape.replaceAll("N", numbers)}$`));
    assert.match(last, /"words":[1-9]\d/);
    assert.deepEqual(await readdir(run.folder), [], "it leaves files behind");
  });

  test("that is stopped leaves nothing behind", { timeout: 200_000 }, async ({ signal }) => {
    await using run = await campaign(["--faults", "4", "--lanes", "2", "--kinds", "arecord-stalled"], signal);
    await eventually(() => run.out.stderr.includes("live again"), "a fault is over", 150_000);
    assert.ok(processesWith(run.folder).length >= 4, "two lanes with their agents");
    run.child.kill("SIGINT");
    await run.closed;
    assert.equal(run.child.exitCode, 1);
    assert.match(run.out.stderr, /stopped by SIGINT/);
    await eventually(() => processesWith(run.folder).length === 0, "all processes are gone");
    assert.ok(!existsSync(join(run.folder, "0")));
  });

  for (const [words, why] of [
    [["--kinds", "tcp-rset"], /there is no kind of fault "tcp-rset"/],
    [["--faults", "0"], /--faults takes a whole number from 1/],
    [["--microphone", "mine"], /--microphone takes arecord, stand-in or mixed/],
    [["--nonsense"], /--nonsense/],
  ] as const) {
    test(`says what is wrong with ${words.join(" ")}`, async ({ signal }) => {
      await using run = await campaign(words, signal);
      await run.closed;
      assert.equal(run.child.exitCode, 2);
      assert.match(run.out.stderr, why);
    });
  }
});
