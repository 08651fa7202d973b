/**
 * scripts/sign-release BINARY KEY: writes BINARY.json, the manifest that `sis-agent update` takes, signed with the Ed25519
 * private key in KEY (PEM; `openssl genpkey -algorithm ed25519`). BINARY has the name that scripts/build-binary gave it.
 * The last line of standard output is the manifest's path.
 */
import { createHash, createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { signedManifest } from "../src/host/update-manifest.ts";

const [binary = "", key = ""] = process.argv.slice(2);
const name = /^sis-agent-(.+)-linux-(x64|arm64)$/.exec(path.basename(binary));
if (name === null || key === "") {
  process.stderr.write("usage: scripts/sign-release .../sis-agent-VERSION-linux-ARCH KEY\n");
  process.exit(2);
}
const [, version = "", arch = ""] = name;
try {
  const bytes = readFileSync(binary);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const release = { version, arch, size: bytes.length, sha256 };
  writeFileSync(`${binary}.json`, signedManifest(release, path.basename(binary), keyIn(key)));
  process.stdout.write(`${path.resolve(binary)}.json\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function keyIn(file: string): KeyObject {
  try {
    return createPrivateKey(readFileSync(file));
  } catch (error) {
    const why = error instanceof Error && "syscall" in error ? error.message : "it is no private key in PEM";
    throw new Error(
      `KEY: ${file}: ${why}\nopenssl genpkey -algorithm ed25519 makes one; devices know its public key.`,
      {
        cause: error,
      },
    );
  }
}
