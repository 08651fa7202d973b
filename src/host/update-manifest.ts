import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { Fault } from "../base/fault.ts";

/** What a release is: one executable, for one kind of processor. */
export interface Release {
  /** `MAJOR.MINOR.PATCH`, perhaps with `-PRERELEASE`. */
  readonly version: string;
  /** In Node's words: x64, arm64. */
  readonly arch: string;
  /** Bytes of the executable. */
  readonly size: number;
  /** Of the executable, in hex digits. */
  readonly sha256: string;
}

/** A release, vouched for. The executable lies beside its manifest under the name `file`. */
export interface Manifest extends Release {
  readonly file: string;
}

/** More is no executable of ours. */
const mostBytes = 1024 * 1024 * 1024;
const versionShape = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-([0-9A-Za-z.]{1,40}))?$/;

/**
 * A manifest in JSON: the release, and the maker's Ed25519 signature of it.
 * @param key the maker's private key
 * @param file the executable's name
 * @throws {Fault} `update-refused`: no Ed25519 key; no device would take the manifest
 */
export function signedManifest(release: Release, file: string, key: KeyObject): string {
  onlyEd25519(key);
  const signature = sign(null, signedText(release), key).toString("base64");
  return `${JSON.stringify({ ...release, file, signature }, null, 2)}\n`;
}

const origin = "A release's manifest is what scripts/sign-release has made; its name ends in .json.";

/**
 * Reads a manifest, and makes sure that it is the maker's.
 * @param publicKey PEM, an Ed25519 key
 * @throws {Fault} `update-refused`: it is not, or is not readable
 */
export function verifiedManifest(json: string, publicKey: string): Manifest {
  const { version, arch, size, sha256, file, signature } = fieldsOf(json);
  if (
    typeof version !== "string" ||
    !versionShape.test(version) ||
    typeof arch !== "string" ||
    !/^\w{1,16}$/.test(arch) ||
    typeof size !== "number" ||
    !Number.isInteger(size) ||
    size < 1 ||
    size > mostBytes ||
    typeof sha256 !== "string" ||
    !/^[0-9a-f]{64}$/.test(sha256) ||
    typeof file !== "string" ||
    !/^\w[\w.+-]{0,127}$/.test(file) ||
    typeof signature !== "string"
  )
    throw new Fault("update-refused", "the manifest does not hold what a release's manifest holds", { hint: origin });
  const release = { version, arch, size, sha256 };
  if (!verify(null, signedText(release), keyOf(publicKey), Buffer.from(signature, "base64"))) {
    throw new Fault("update-refused", "the manifest is not signed with the key that updates must be signed with", {
      hint: "take the release from where the key comes from, or see that the key on this device is the right one",
    });
  }
  return { ...release, file };
}

/** Below 0: `a` is older than `b`; 0: the same. Source: Semantic Versioning 2.0.0, 11; pre-releases by their text alone. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [versionShape.exec(a) ?? [], versionShape.exec(b) ?? []];
  for (const part of [1, 2, 3]) {
    const difference = Number(left[part]) - Number(right[part]);
    if (difference !== 0) return difference;
  }
  const [before, after] = [left[4] ?? "~", right[4] ?? "~"]; // no pre-release comes after all of them
  return before < after ? -1 : Number(before > after);
}

/** What is signed: nothing in it can be read in two ways. */
function signedText({ version, arch, size, sha256 }: Release): Buffer {
  return Buffer.from(`sis-agent release 1\n${version}\n${arch}\n${size}\n${sha256}\n`);
}

function keyOf(publicKey: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey(publicKey);
  } catch (error) {
    throw new Fault("update-refused", "the key for updates is no public key in PEM", { cause: error });
  }
  onlyEd25519(key);
  return key;
}

function onlyEd25519({ asymmetricKeyType }: KeyObject): void {
  if (asymmetricKeyType !== "ed25519")
    throw new Fault("update-refused", `the key for updates is no Ed25519 key, but ${asymmetricKeyType}`);
}

function fieldsOf(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch (error) {
    throw new Fault("update-refused", "the manifest is not JSON", { hint: origin, cause: error });
  }
}
