import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/build/binary.ts";
import { Folder } from "../cli/process.ts";

test("what cannot be built is told at once, with its name and a way out, and no stack trace", async () => {
  await using folder = await Folder.with({ file: "", "sis-agent-1.0.0-linux-x64": "program" });
  const [file, notBinary] = [folder.of("file"), folder.of("sis-agent-1.0.0-linux-x64")];
  const [binary, rsa, other] = [folder.of("sis-agent-1.0.0-linux-arm64"), folder.of("rsa"), folder.of("x/sis-agent")];
  writeFileSync(binary, Buffer.from("7f454c460201010000000000000000000300b700", "hex"));
  writeFileSync(
    rsa,
    generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }),
  );
  const refusals = [
    ["build-binary", ["--out", "/proc/nowhere"], 2, "--out: /proc/nowhere cannot be written to"],
    ["build-deb", ["--out", "/proc/nowhere"], 2, "--out: /proc/nowhere cannot be written to"],
    ["build-deb", ["--out", file], 2, `--out: ${file} cannot be written to`],
    ["sbom", [`${file}/sbom.json`], 1, `${file} cannot be written to`],
    ["sbom", [folder.path], 1, `${folder.path} is not a file`],
    ["sbom", ["a", "b"], 2, "usage: scripts/sbom"],
    ["sign-release", [binary, "/nowhere"], 1, "KEY: /nowhere cannot be read: ENOENT"],
    ["sign-release", [binary, folder.path], 1, `KEY: ${folder.path} cannot be read: EISDIR`],
    ["sign-release", [binary, rsa], 1, `KEY: ${rsa}: it is no Ed25519 key, but rsa`],
    ["sign-release", [notBinary, rsa], 1, `BINARY: ${notBinary} is no executable for x64`],
    ["sign-release", [other, rsa], 1, `BINARY: ${other} is not named as a release is`],
    ["sign-release", [binary, rsa, "more"], 2, "usage: scripts/sign-release"],
    ["run-tests", ["--test-seconds", "x"], 2, '--test-seconds: "x" is not a number of seconds'],
    ["panel", ["/tmp/a", "b"], 2, ""],
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
