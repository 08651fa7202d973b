import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { replaceFile } from "../../src/fleet/background-writer.ts";
import { openMuteLatch } from "../../src/panel/mute-latch.ts";

async function folder() {
  const path = await mkdtemp(join(tmpdir(), "latch-"));
  return { path, file: join(path, "state", "muted"), [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test("muted stays muted over a restart, unmuted stays unmuted", async () => {
  await using at = await folder();
  const latch = openMuteLatch(at.file, replaceFile);
  assert.equal(latch.muted, false);
  assert.equal(await latch.set(true), null);
  assert.equal(latch.muted, true);
  assert.equal(openMuteLatch(at.file, replaceFile).muted, true);
  assert.equal(await latch.set(false), null);
  assert.equal(openMuteLatch(at.file, replaceFile).muted, false);
});

test("the last word is what stays, however fast they come", async () => {
  await using at = await folder();
  const latch = openMuteLatch(at.file, replaceFile);
  const said = [true, false, true, false, true].map((muted) => latch.set(muted));
  assert.deepEqual(await Promise.all(said), [null, null, null, null, null]);
  assert.deepEqual(await readdir(join(at.path, "state")), ["muted"]);
});

test("a disk that cannot be written is told, and muting holds for this run", async () => {
  await using at = await folder();
  await writeFile(join(at.path, "state"), "a file where a folder should be");
  const latch = openMuteLatch(at.file, replaceFile);
  assert.equal(latch.muted, false);
  assert.ok((await latch.set(true)) instanceof Error);
  assert.equal(latch.muted, true);
});

test("an empty file, as a crash may leave it, is muted", async () => {
  await using at = await folder();
  const file = join(at.path, "muted");
  await writeFile(file, "");
  assert.equal(openMuteLatch(file, replaceFile).muted, true);
});
