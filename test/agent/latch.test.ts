import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { lastWords, openLatch } from "../../src/agent/latch.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { FaultCode } from "../../src/base/fault.ts";
import { hangingFile } from "../lab/hanging-file.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { eventually } from "../system/lab/processes.ts";

const errors: string[] = [];
const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => void errors.push(message) };
const openMuted = (file: string, clock: Clock = systemClock) => openLatch(file, clock, logger, () => {});

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "latch-"));
  return { path, file: join(path, "state", "muted"), [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test("muted stays muted over a restart, unmuted stays unmuted", async () => {
  await using at = await folder();
  const latch = openMuted(at.file);
  assert.equal(latch.on, false);
  await latch.set(true, "fleet");
  assert.equal(latch.on, true);
  const again = openMuted(at.file);
  assert.deepEqual([again.on, again.by], [true, "fleet"]);
  await latch.set(false, "fleet");
  assert.equal(openMuted(at.file).on, false);
});

test("the last word is what stays, however fast they come", async () => {
  await using at = await folder();
  const latch = openMuted(at.file);
  const said = [true, false, true, false, true].map((muted) => latch.set(muted, "fleet"));
  await Promise.all(said);
  assert.deepEqual(await readdir(join(at.path, "state")), ["muted"]);
});

test("a disk that cannot be written is told, and muting holds for this run", async () => {
  await using at = await folder();
  await writeFile(join(at.path, "state"), "a file where a folder should be");
  using latch = openMuted(at.file);
  assert.equal(latch.on, false);
  await latch.set(true, "fleet");
  assert.match(
    errors.join(),
    /the disk does not take whether the device is muted, and a restart may not know it: .*folder/,
  );
  assert.equal(latch.on, true);
});

test("a disk that hangs is told after two seconds, and muting holds meanwhile; it takes the last word when it answers", async () => {
  await using at = await folder();
  const clock = new ManualClock();
  const latch = openMuted(at.file, clock);
  errors.splice(0);
  const answers: string[] = [];
  {
    using _hanging = hangingFile(`${at.file}.new`);
    for (const muted of [true, false, true]) {
      const set = async () => {
        await latch.set(muted, "fleet");
        answers.push(`${muted}`);
      };
      void set();
      assert.equal(latch.on, muted);
      clock.advance(1_999);
      await setImmediate();
      assert.equal(latch.on, muted);
      const before = answers.length;
      clock.advance(1);
      await eventually(() => answers.length === before + 1, "an answer", 5_000);
    }
    assert.deepEqual(answers, ["true", "false", "true"]);
    assert.equal(errors.length, 1, "once, until it is well again");
    assert.equal(clock.pending, 0);
  }
  await latch.flush();
  assert.equal(openMuted(at.file).on, true, "it is on disk");
});

test("an empty file, as a crash may leave it, is muted", async () => {
  await using at = await folder();
  const file = join(at.path, "muted");
  await writeFile(file, "");
  const latch = openMuted(file);
  assert.deepEqual([latch.on, latch.by], [true, ""]);
});

test("the last words are waited for, but not for ever", async () => {
  await using at = await folder();
  const clock = new ManualClock();
  for (const isWritten of [true, false]) {
    const latch = openMuted(at.file, new ManualClock());
    using disk = hangingFile(`${at.file}.new`);
    void latch.set(true, "fleet");
    let over = false;
    const wait = async () => {
      await lastWords([latch], clock);
      over = true;
    };
    const waiting = wait();
    await setImmediate();
    assert.equal(over, false);
    if (isWritten) disk[Symbol.dispose]();
    else clock.advance(1_000);
    await waiting;
    assert.equal(clock.pending, 0);
    disk[Symbol.dispose]();
    await latch.flush();
  }
});

test("what the disk does not take is told, once, and tried again until it does; only the last word", async () => {
  await using at = await folder();
  await writeFile(join(at.path, "state"), "a file where a folder should be");
  const clock = new ManualClock();
  // What a latch of another test still says is none of this one's.
  const own: string[] = [];
  const told: (FaultCode | null)[] = [];
  const ownLogger = { ...logger, error: (message: string) => void own.push(message) };
  using latch = openLatch(at.file, clock, ownLogger, (fault) => told.push(fault?.code ?? null));
  assert.equal(await latch.set(true, "fleet"), false);
  assert.equal(await latch.set(false, "fleet"), false);
  assert.equal(await latch.set(true, "panel"), false);
  assert.equal(latch.lasting, false);
  for (let times = 0; times < 5; times += 1) {
    const before = told.length;
    clock.advance(30_000);
    await eventually(() => told.length > before, "another try");
  }
  assert.deepEqual([own.length, clock.pending], [1, 1]);
  assert.deepEqual(new Set(told.splice(0)), new Set(["disk-denied"]), "the alarm stands");
  await rm(join(at.path, "state"));
  clock.advance(30_000);
  await eventually(() => told.length > 0, "the last try");
  assert.deepEqual([openMuted(at.file).by, latch.lasting, clock.pending], ["panel", true, 0]);
  assert.deepEqual(told, [null], "it is over");
  assert.equal(await latch.set(false, "panel"), true);
});

test("a word that hung and was taken after all does not hide that the next one is refused", async () => {
  await using at = await folder();
  const clock = new ManualClock();
  const told: (FaultCode | null)[] = [];
  using latch = openLatch(at.file, clock, logger, (fault) => told.push(fault?.code ?? null));
  const disk = hangingFile(`${at.file}.new`);
  const first = latch.set(true, "fleet");
  await setImmediate();
  clock.advance(2_000);
  assert.deepEqual([await first, told], [false, ["disk-failed"]]);
  disk[Symbol.dispose]();
  await eventually(() => told.length === 2, "it was taken");
  await rm(join(at.path, "state"), { recursive: true });
  await writeFile(join(at.path, "state"), "a file where a folder should be");
  assert.equal(await latch.set(true, "panel"), false);
  assert.deepEqual(told, ["disk-failed", null, "disk-denied"]);
});

test("a latch that is let go of tries no more", async () => {
  await using at = await folder();
  await writeFile(join(at.path, "state"), "a file where a folder should be");
  const clock = new ManualClock();
  const latch = openMuted(at.file, clock);
  await Promise.all([true, false, true].map((on) => latch.set(on, "fleet")));
  assert.equal(clock.pending, 1);
  latch[Symbol.dispose]();
  assert.equal(clock.pending, 0);
});
