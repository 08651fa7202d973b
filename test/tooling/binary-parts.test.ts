import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { hostArch } from "../../scripts/build/arch.ts";
import { root } from "../../scripts/build/binary.ts";
import { bundle, inAscii } from "../../scripts/build/bundle.ts";
import { loadAddon } from "../../scripts/build/load-addon.ts";
import { withoutSections } from "../../scripts/build/slim-elf.ts";
import { Folder } from "../cli/process.ts";

const flavour = { x64: "glibc", arm64: "armv8.glibc" }[hostArch()];
const prebuilds = `node_modules/@serialport/bindings-cpp/prebuilds/linux-${hostArch()}`;
const addon = readFileSync(join(root, prebuilds, `@serialport+bindings-cpp.${flavour}.node`));

test("an addon is loaded from its bytes, in the first place that takes it, and leaves nothing there", async () => {
  await using folder = await Folder.with({});
  const exports = loadAddon(addon, ["/proc/nowhere", "", folder.path]);
  assert.ok(typeof exports === "object" && exports !== null && "open" in exports);
  assert.deepEqual(readdirSync(folder.path), []);
});

test("an addon that can be put nowhere is told with every place and its reason", () => {
  assert.throws(() => loadAddon(addon, ["/proc/nowhere", "/proc/neither"]), {
    message: /nowhere \(ENOENT.*neither \(ENOENT.*Set TMPDIR/s,
  });
});

test("an executable runs without its sections, and is smaller", async () => {
  await using folder = await Folder.with({});
  const whole = readFileSync(process.execPath);
  const slim = withoutSections(whole);
  assert.ok(slim.length < whole.length - 10e6);
  assert.deepEqual(withoutSections(slim), slim, "nothing is left to take away");
  const file = folder.of("node");
  writeFileSync(file, slim);
  chmodSync(file, 0o755);
  assert.equal(spawnSync(file, ["--print", "6 * 7"], { encoding: "utf8" }).stdout, "42\n");
});

test("what is no executable, or half of one, is refused", () => {
  assert.throws(() => withoutSections(Buffer.from("#!/bin/sh\n".padEnd(100))), /not a 64-bit/);
  assert.throws(() => withoutSections(readFileSync(process.execPath).subarray(0, 1e6)), /cut off/);
});

test("the program's script is in ASCII: memory holds it in one byte a character", async () => {
  const { code } = await bundle({ root, entry: join(root, "src/main.ts"), arch: hostArch(), commit: "test" });
  assert.equal(Buffer.byteLength(code), code.length);
});

test("a regular expression in ASCII finds what it found", () => {
  const script = '// 句\n["好。真的？".split(/[。？😀]/u), /^[^😀]*$/u.test("😀")]';
  const ascii = inAscii(script);
  assert.ok(!/[^\0-\x7f]/.test(ascii));
  assert.deepEqual(JSON.stringify(runInNewContext(ascii)), JSON.stringify(runInNewContext(script)));
});
