import { createHash } from "node:crypto";
import { readFileSync, renameSync, statSync } from "node:fs";
import path from "node:path";
import { commit, version } from "../../src/cli/version.ts";
import type { Arch } from "./arch.ts";
import { bundle } from "./bundle.ts";
import { makeFolders } from "./make-folders.ts";
import { pack } from "./pack.ts";
import { pinnedNode } from "./pinned-node.ts";
import { withoutSections } from "./slim-elf.ts";

/** The source tree. */
export const root = path.join(import.meta.dirname, "../..");

export interface BinaryOptions {
  readonly arch: Arch;
  /** The folder for the result. Made if need be. */
  readonly out: string;
  /** The file that the program starts with; default: src/main.ts. */
  readonly entry?: string;
  /** What `--version` tells; default: the tree's commit. */
  readonly commit?: string;
  /** Told what is being done. */
  readonly say: (text: string) => void;
}

/**
 * Builds the program as one executable file: source and libraries bundled, on the pinned Node without its symbols.
 * The same commit and lock file give the same bytes, wherever and whenever they are built.
 * @returns the file's absolute path: FOLDER/sis-agent-VERSION-linux-ARCH
 */
export async function buildBinary(options: BinaryOptions): Promise<string> {
  const { arch, out, say } = options;
  say("bundling");
  const entry = options.entry ?? path.join(root, "src/main.ts");
  const { code } = await bundle({ root, entry, arch, commit: options.commit ?? commit() });
  say(`taking Node ${process.versions.node} for linux-${arch} out of npm's package`);
  const node = withoutSections(await pinnedNode(root, arch, "bin/node"));
  say("packing");
  const folder = path.resolve(out);
  makeFolders(folder);
  const file = path.join(folder, `sis-agent-${version}-linux-${arch}`);
  await using packed = await pack({ code, node, arch, near: folder });
  // Whoever runs the former file goes on running it.
  renameSync(packed.file, file);
  const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
  say(`${(statSync(file).size / 1e6).toFixed(1)} MB, SHA-256 ${sha256}`);
  return file;
}
