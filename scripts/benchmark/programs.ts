import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The programs that are measured, each one JavaScript file with what it loads later beside it, as a device gets it. */
export interface Programs extends AsyncDisposable {
  /** A folder for what a run needs. Removed in the end, with all that is in it. */
  readonly folder: string;
  readonly agent: string;
  readonly bareSender: string;
}

/** Bundles the agent and the bare sender alike. */
export async function bundlePrograms(): Promise<Programs> {
  const folder = await mkdtemp(path.join(tmpdir(), "sis-agent-bench-"));
  await build({
    entryPoints: {
      agent: fileURLToPath(import.meta.resolve("../../src/main.ts")),
      "bare-sender": fileURLToPath(import.meta.resolve("./bare-sender.ts")),
    },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    // Packages in CommonJS call require for Node's own modules.
    banner: {
      js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  return {
    folder,
    agent: path.join(folder, "agent.mjs"),
    bareSender: path.join(folder, "bare-sender.mjs"),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
