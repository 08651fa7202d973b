import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { lockFile } from "../../src/host/file-lock.ts";
import { Folder } from "../cli/process.ts";

test("one at a time has a file, and the next one when it is let go of", async () => {
  await using folder = await Folder.with({ lock: "" });
  const first = await lockFile(folder.of("lock"), false);
  assert.ok(first !== null);
  assert.equal(await lockFile(folder.of("lock"), false), null);
  const next = lockFile(folder.of("lock"), true);
  await first[Symbol.asyncDispose]();
  await (await next)?.[Symbol.asyncDispose]();
  await (await lockFile(folder.of("lock"), false))?.[Symbol.asyncDispose]();
});

test("who is killed has let go of it", async () => {
  await using folder = await Folder.with({ lock: "" });
  const module = new URL("../../src/host/file-lock.ts", import.meta.url).href;
  const script = `const { lockFile } = await import("${module}"); await lockFile("${folder.of("lock")}", false); console.log();`;
  const other = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(other.stdout, "data");
  assert.equal(await lockFile(folder.of("lock"), false), null);
  other.kill("SIGKILL");
  const mine = await lockFile(folder.of("lock"), true);
  assert.ok(mine !== null);
  await mine[Symbol.asyncDispose]();
});

test("what cannot be locked is told, and what is missing for it", async () => {
  await using folder = await Folder.with({});
  await assert.rejects(lockFile(folder.of("none/lock"), false), {
    code: "update-failed",
    message: /none\/lock cannot be locked: flock says \d+$/,
    hint: /util-linux/,
  });
  const { PATH: path } = process.env;
  process.env["PATH"] = folder.path;
  try {
    await assert.rejects(lockFile(folder.path, false), {
      code: "update-failed",
      message: /ENOENT/,
      hint: /util-linux/,
    });
  } finally {
    process.env["PATH"] = path;
  }
});
