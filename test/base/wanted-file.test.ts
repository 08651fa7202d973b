import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assertWritable, unwritableFile } from "../../src/base/wanted-file.ts";

test("a file can be written where its folder is there, whether it is there or not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "wanted-"));
  try {
    await assertWritable(join(folder, "new.wav"), "RIFF");
    for (const content of ["", "RIFF...."]) {
      await writeFile(join(folder, "old.wav"), content);
      await assertWritable(join(folder, "old.wav"), "RIFF");
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a file that is something else is left alone: a slip must not cost the configuration", async () => {
  const folder = await mkdtemp(join(tmpdir(), "wanted-"));
  const file = join(folder, "agent.toml");
  try {
    for (const content of ['device_id = "kiosk-17"', "R"]) {
      await writeFile(file, content);
      await assert.rejects(assertWritable(file, "RIFF"), {
        code: "file-unwritable",
        message: `${file} is there already, and is something else`,
        hint: /another file/,
      });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

for (const [file, why] of [
  ["/nonexistent/x.wav", "its folder does not exist"],
  ["/tmp", "it is a folder"],
] as const) {
  test(`${file} cannot be written: ${why}`, async () => {
    await assert.rejects(assertWritable(file, "RIFF"), {
      code: "file-unwritable",
      message: `${file} cannot be written: ${why}`,
      hint: /folder that exists/,
    });
  });
}

test("what the file system says is told in words, or passed on", () => {
  const error = Object.assign(new Error("x"), { code: "ENOTDIR" });
  assert.equal(unwritableFile("a", error).message, "a cannot be written: there is a file where a folder should be");
  assert.equal(unwritableFile("a", new Error("too many links")).message, "a cannot be written: too many links");
});
