import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/build/binary.ts";
import { Folder } from "../cli/process.ts";
import { missing } from "./lab/processes.ts";

const skip = missing("systemd-analyze");
const units = join(root, "device/systemd");
const analyze = (...args: readonly string[]) => spawnSync("systemd-analyze", args, { encoding: "utf8" });

for (const [name, program] of [
  ["sis-agent.service", "/usr/bin/sis-agent"],
  ["sis-agent-settle.service", "/opt/sis-agent/previous/sis-agent"],
] as const)
  test(`systemd has nothing to say against ${name}`, { skip }, async () => {
    const text = readFileSync(join(units, name), "utf8");
    assert.ok(text.includes(`ExecStart=${program}`));
    // The program is not installed on this machine.
    await using folder = await Folder.with({ [name]: text.replace(program, process.execPath) });
    const { status, stdout, stderr } = analyze("verify", "--man=no", folder.of(name));
    assert.deepEqual([status, stdout, stderr], [0, "", ""]);
  });

test("the service is exposed by 2.0 at the most", { skip }, () => {
  const { status, stdout } = analyze("security", "--offline=true", "--threshold=20", join(units, "sis-agent.service"));
  const exposure = /exposure level for sis-agent\.service: ([\d.]+)/.exec(stdout)?.[1];
  assert.ok(Number(exposure) <= 2, stdout);
  assert.equal(status, 0);
});
