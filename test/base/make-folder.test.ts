import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { makeFolder, makeFolderSync } from "../../src/base/make-folder.ts";

const ways: readonly (readonly [string, (folder: string) => Promise<void>])[] = [
  ["asynchronously", makeFolder],
  ["at once", async (folder) => makeFolderSync(folder)],
];

for (const [how, make] of ways) {
  test(`a folder and the one above are made for their owner alone, and may be there already: ${how}`, async () => {
    const root = mkdtempSync(join(tmpdir(), "make-folder-"));
    const folder = join(root, "state", "speech");
    for (const _ of [1, 2]) await make(folder);
    for (const made of [folder, dirname(folder)]) assert.equal(statSync(made).mode & 0o777, 0o700);
    await assert.rejects(make(join(root, "two", "levels", "more")), { code: "ENOENT" });
    rmSync(root, { recursive: true });
  });

  test(`below a folder that cannot have any it fails: ${how}`, async () => {
    await assert.rejects(make("/proc/nowhere/at-all"), { code: "ENOENT" });
  });
}

test("who else may look in is for the caller to say", async () => {
  const root = mkdtempSync(join(tmpdir(), "make-folder-"));
  await makeFolder(join(root, "program", "releases"), 0o755);
  assert.equal(statSync(join(root, "program", "releases")).mode & 0o777, 0o755);
  rmSync(root, { recursive: true });
});
