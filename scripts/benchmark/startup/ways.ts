import { copyFileSync, globSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostArch } from "../../build/arch.ts";
import { buildBinary, root } from "../../build/binary.ts";
import { bundle } from "../../build/bundle.ts";

/** A way to run the agent. */
export interface Way {
  readonly name: string;
  /** What `--version`, or `run` and its options, are added to. */
  readonly command: readonly string[];
  /** What is read from disk to run it, system libraries apart. */
  readonly files: readonly string[];
  readonly bytes: number;
}

/**
 * The agent in each way in which it can be run, on a copy of Node that nobody else runs.
 * @param folder for what is built
 * @param binary a packaged program; absent: it is built
 */
export async function waysToRun(
  folder: string,
  binary: string | undefined,
): Promise<{ readonly ways: readonly Way[]; readonly node: Way }> {
  const node = join(folder, "node");
  copyFileSync(process.execPath, node);
  const script = join(folder, "bundle.cjs");
  const { code, packages } = await bundle({
    root,
    entry: join(root, "src/main.ts"),
    arch: hostArch(),
    commit: "bench",
  });
  writeFileSync(script, code);
  const packed = join(folder, "sis-agent");
  copyFileSync(binary ?? (await buildBinary({ arch: hostArch(), out: folder, say: () => {} })), packed);
  const sources = ["src", ...packages].flatMap((each) =>
    globSync("**/*.{ts,js,cjs,mjs,json,node,wasm}", { cwd: join(root, each) }).map((file) => join(root, each, file)),
  );
  const way = (name: string, command: readonly string[], files: readonly string[]): Way => ({
    name,
    command,
    files,
    bytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
  });
  return {
    ways: [
      way("the binary", [packed], [packed]),
      way("`node bundle.cjs`", [node, script], [node, script]),
      way("`node src/main.ts`", [node, join(root, "src/main.ts")], [node, ...sources]),
    ],
    node: way("`node -e 0`", [node, "-e", "0"], [node]),
  };
}
