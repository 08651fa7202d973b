import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { lastWords, openLatch } from "../../src/agent/latch.ts";
import { replaceFile } from "../../src/fleet/background-writer.ts";
import { ManualClock } from "../lab/manual-clock.ts";

const errors: string[] = [];
const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => void errors.push(message) };
const openMuted = (file: string) => openLatch(file, replaceFile, logger);

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "latch-"));
  return { path, file: join(path, "state", "muted"), [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test("muted stays muted over a restart, unmuted stays unmuted", async () => {
  await using at = await folder();
  const latch = openMuted(at.file);
  assert.equal(latch.on, false);
  await latch.set(true);
  assert.equal(latch.on, true);
  assert.equal(openMuted(at.file).on, true);
  await latch.set(false);
  assert.equal(openMuted(at.file).on, false);
});

test("the last word is what stays, however fast they come", async () => {
  await using at = await folder();
  const latch = openMuted(at.file);
  const said = [true, false, true, false, true].map((muted) => latch.set(muted));
  await Promise.all(said);
  assert.deepEqual(await readdir(join(at.path, "state")), ["muted"]);
});

test("a disk that cannot be written is told, and muting holds for this run", async () => {
  await using at = await folder();
  await writeFile(join(at.path, "state"), "a file where a folder should be");
  const latch = openMuted(at.file);
  assert.equal(latch.on, false);
  await latch.set(true);
  assert.match(errors.join(), /the disk cannot keep/);
  assert.equal(latch.on, true);
});

test("an empty file, as a crash may leave it, is muted", async () => {
  await using at = await folder();
  const file = join(at.path, "muted");
  await writeFile(file, "");
  assert.equal(openMuted(file).on, true);
});

test("the last words are waited for, but not for ever", async () => {
  await using at = await folder();
  const clock = new ManualClock();
  for (const isWritten of [true, false]) {
    const written = Promise.withResolvers<void>();
    const latch = openLatch(at.file, () => written.promise, logger);
    void latch.set(true);
    let over = false;
    const wait = async () => {
      await lastWords([latch], clock);
      over = true;
    };
    const waiting = wait();
    await setImmediate();
    assert.equal(over, false);
    if (isWritten) written.resolve();
    else clock.advance(1_000);
    await waiting;
    assert.equal(clock.pending, 0);
  }
});
