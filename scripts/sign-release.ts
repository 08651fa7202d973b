/**
 * scripts/sign-release BINARY KEY: writes BINARY.json, the manifest that `sis-agent update` takes, signed with the Ed25519
 * private key in KEY (PEM; `openssl genpkey -algorithm ed25519`). BINARY has the name that scripts/build-binary gave it.
 * The last line of standard output is the manifest's path.
 */
import { createHash, createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Fault } from "../src/base/fault.ts";
import { signedManifest } from "../src/host/update-manifest.ts";
import { plainly } from "./build/plainly.ts";

const usage = `usage: scripts/sign-release .../sis-agent-VERSION-linux-ARCH KEY
Writes the manifest of a release beside it, signed with the Ed25519 private key in the file KEY (PEM).
`;
/** e_machine, by Node's names of processors. Source: elf(5). */
const machines: Readonly<Record<string, number>> = { x64: 62, arm64: 183 };

await plainly("sign-release", async () => {
  const [binary = "", key = "", ...more] = process.argv.slice(2);
  const asksForHelp = binary === "--help" || binary === "-h";
  if (asksForHelp || key === "" || more.length > 0) {
    (asksForHelp ? process.stdout : process.stderr).write(usage);
    process.exitCode = asksForHelp ? 0 : 2;
    return;
  }
  const name = /^sis-agent-(\d+\.\d+\.\d+(?:-[\w.]+)?)-linux-(x64|arm64)$/.exec(path.basename(binary));
  if (name === null)
    throw new Fault("update-refused", `BINARY: ${binary} is not named as a release is`, {
      hint: "scripts/build-binary gives it its name, sis-agent-VERSION-linux-ARCH: that is what devices are told of it.",
    });
  const [, version = "", arch = ""] = name;
  const bytes = contentOf("BINARY", binary);
  if (bytes.length < 20 || bytes.readUInt32BE() !== 0x7f454c46 || bytes.readUInt16LE(18) !== machines[arch])
    throw new Fault("update-refused", `BINARY: ${binary} is no executable for ${arch}`, {
      hint: "Sign what scripts/build-binary has made.",
    });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const release = { version, arch, size: bytes.length, sha256 };
  writeFileSync(`${binary}.json`, signedManifest(release, path.basename(binary), keyIn(key)));
  process.stdout.write(`${path.resolve(binary)}.json\n`);
});

function keyIn(file: string): KeyObject {
  const pem = contentOf("KEY", file);
  const hint = "openssl genpkey -algorithm ed25519 makes one; devices know its public key.";
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    const why = pem.includes("ENCRYPTED")
      ? "it has a passphrase (openssl pkey takes it off)"
      : "it is no private key in PEM";
    throw new Fault("update-refused", `KEY: ${file}: ${why}`, { hint, cause: error });
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  throw new Fault("update-refused", `KEY: ${file}: it is no Ed25519 key, but ${key.asymmetricKeyType}`, { hint });
}

function contentOf(argument: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Fault("update-refused", `${argument}: ${file} cannot be read: ${why}`, { cause: error });
  }
}
