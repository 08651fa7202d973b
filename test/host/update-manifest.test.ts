import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/base/fault.ts";
import { compareVersions, signedManifest, verifiedManifest } from "../../src/host/update-manifest.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
const release = { version: "1.2.3", arch: "arm64", size: 12, sha256: "0".repeat(64) };
const manifest = signedManifest(release, "sis-agent-1.2.3", privateKey);
const refused = (error: unknown) => error instanceof Fault && error.code === "update-refused";

test("a manifest that its maker has signed is taken as it is", () => {
  assert.deepEqual(verifiedManifest(manifest, pem), { ...release, file: "sis-agent-1.2.3" });
});

test("whatever is changed in it, it is refused, or still means the same release", () => {
  const bytes = Buffer.from(manifest);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ change;
      try {
        const { file: _, ...found } = verifiedManifest(altered.toString(), pem);
        assert.deepEqual(found, release);
      } catch (error) {
        assert.ok(refused(error), String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test("a part of another size, name or kind is refused before anything is fetched", () => {
  for (const change of [
    { version: "1.2" },
    { version: "../1.2.3" },
    { size: 0 },
    { size: 2 ** 40 },
    { size: "12" },
    { sha256: "x".repeat(64) },
    { arch: "" },
    { file: "../../etc/passwd" },
    { file: ".hidden" },
    { file: "a/b" },
    { signature: null },
    { signature: "" },
  ]) {
    const altered = JSON.stringify({ ...JSON.parse(manifest), ...change });
    assert.throws(() => verifiedManifest(altered, pem), refused, JSON.stringify(change));
  }
  for (const text of ["", "null", "[]", "{", "1"]) assert.throws(() => verifiedManifest(text, pem), refused, text);
});

test("another maker's signature, or a key of another kind, is refused", () => {
  const other = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();
  assert.throws(() => verifiedManifest(manifest, other), /not signed with the key/);
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 })
    .publicKey.export({ type: "spki", format: "pem" })
    .toString();
  assert.throws(() => verifiedManifest(manifest, rsa), /no Ed25519 key, but rsa/);
  const { privateKey: rsaKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  assert.throws(() => signedManifest(release, "sis-agent-1.2.3", rsaKey), /no Ed25519 key, but rsa/);
  assert.throws(() => verifiedManifest(manifest, "no key"), /no public key in PEM/);
});

test("versions are ordered by their numbers; a pre-release comes before its release", () => {
  const inOrder = ["0.9.9", "0.10.0-a", "0.10.0-b", "0.10.0", "1.0.0", "1.0.2", "1.0.10", "10.0.0"];
  for (const [index, version] of inOrder.entries()) {
    assert.equal(compareVersions(version, version), 0);
    for (const later of inOrder.slice(index + 1)) {
      assert.ok(compareVersions(version, later) < 0, `${version} < ${later}`);
      assert.ok(compareVersions(later, version) > 0, `${later} > ${version}`);
    }
  }
});
