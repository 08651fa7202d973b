import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/build/binary.ts";
import { Folder } from "../cli/process.ts";

test("what cannot be built is told at once, with its name and a way out, and no stack trace", async () => {
  await using folder = await Folder.with({ file: "", "sis-agent-1.0.0-linux-x64": "program" });
  const [file, binary] = [folder.of("file"), folder.of("sis-agent-1.0.0-linux-x64")];
  const refusals = [
    ["build-binary", ["--out", "/proc/nowhere"], 2, "--out: /proc/nowhere cannot be written to"],
    ["build-deb", ["--out", "/proc/nowhere"], 2, "--out: /proc/nowhere cannot be written to"],
    ["build-deb", ["--out", file], 2, `--out: ${file} cannot be written to`],
    ["sbom", [`${file}/sbom.json`], 1, `${file} cannot be written to`],
    ["sbom", [folder.path], 1, `${folder.path} is not a file`],
    ["sign-release", [binary, "/nowhere"], 1, "KEY: /nowhere: ENOENT"],
    ["sign-release", [binary, file], 1, `KEY: ${file}: it is no private key in PEM`],
    ["sign-release", [`${folder.path}/sis-agent-2.0.0-linux-x64`, file], 1, "sis-agent-2.0.0-linux-x64"],
    ["sign-release", [binary], 2, "usage: scripts/sign-release"],
  ] as const;
  for (const [script, args, exits, says] of refusals) {
    const { status, stderr } = spawnSync(process.execPath, [join(root, `scripts/${script}.ts`), ...args], {
      encoding: "utf8",
    });
    assert.equal(status, exits, stderr);
    assert.ok(stderr.includes(says), `${says} in ${stderr}`);
    assert.doesNotMatch(stderr, /^\s+at /m);
  }
});
