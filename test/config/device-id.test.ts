import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { deviceIdOf } from "../../src/config/device-id.ts";

test("the same machine has the same id, and another one another", () => {
  const one = deviceIdOf("3d1219c7c4c5404aaa1f6d2a48adfda4\n");
  assert.equal(one, "4f72604d0f3a4e20814f1290d16654b5");
  assert.notEqual(deviceIdOf("3d1219c7c4c5404aaa1f6d2a48adfda5"), one);
});

for (const content of ["", "uninitialized\n", "0".repeat(32), "3d12", "z".repeat(32)]) {
  test(`"${content.trim()}" is no machine id`, () => assert.equal(deviceIdOf(content), null));
}

test("systemd derives the same id", (context) => {
  const source = readFileSync(new URL("../../src/config/device-id.ts", import.meta.url), "utf8");
  const application = /const application = "([0-9a-f]{32})"/.exec(source)?.[1] ?? "";
  const oracle = spawnSync("systemd-id128", ["machine-id", `--app-specific=${application}`], { encoding: "utf8" });
  if (oracle.status !== 0) {
    context.skip("systemd-id128 is not here, or the machine has no id");
    return;
  }
  assert.equal(deviceIdOf(readFileSync("/etc/machine-id", "utf8")), oracle.stdout.trim());
});
