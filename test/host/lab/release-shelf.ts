import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signedManifest } from "../../../src/host/update-manifest.ts";

/** `broken` never gets ready, `brittle` does, and falls over. The rest is found out before it is started. */
const started = ["good", "good", "good", "broken", "brittle"] as const;
const refused = ["unfit", "tampered", "cut-short", "longer", "unsigned", "forged", "garbage", "elsewhere"] as const;
export const kinds = [...started, ...refused] as const;

/** One attempt at another release. */
export interface Attempt {
  readonly version: string;
  readonly kind: (typeof kinds)[number];
  readonly allowOlder: boolean;
}

const [ours, others] = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")];
const publicKey = ours.publicKey.export({ type: "spki", format: "pem" }).toString();
const filler = "x".repeat(70_000);

/** Where releases are fetched from: good ones, and all the others. */
export class Shelf implements Disposable {
  readonly publicKey = publicKey;
  readonly #folder = mkdtempSync(join(tmpdir(), "releases-"));
  /** What was signed and may be run, by its version. */
  readonly #vouched = new Map<string, Set<string>>();

  vouches(version: string, program: string): boolean {
    return this.#vouched.get(version)?.has(program) === true;
  }

  /** Puts a release where it can be fetched. @returns its manifest */
  publish({ version, kind }: Attempt): string {
    const program = `${kind} ${version} ${filler}`;
    if (started.some((each) => each === kind)) {
      const known = this.#vouched.get(version) ?? new Set();
      this.#vouched.set(version, known.add(program));
    }
    const sha256 = createHash("sha256").update(program).digest("hex");
    const release = { version, arch: kind === "elsewhere" ? "arm64" : "x64", size: program.length, sha256 };
    const file = `${version}-${kind}`;
    let manifest = signedManifest(release, file, (kind === "unsigned" ? others : ours).privateKey);
    if (kind === "forged") manifest = manifest.replace(version, `9${version}`);
    if (kind === "garbage") manifest = manifest.slice(0, -20);
    const sent = new Map([
      ["tampered", program.replace("x", "y")],
      ["cut-short", program.slice(0, -1)],
      ["longer", `${program}x`],
    ]);
    writeFileSync(join(this.#folder, file), sent.get(kind) ?? program);
    writeFileSync(join(this.#folder, `${file}.json`), manifest);
    return join(this.#folder, `${file}.json`);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
