import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { inAscii } from "../build/bundle.ts";

/** Programs that are measured, each one JavaScript file with what it loads later beside it, as a device gets it. */
export interface Bundle extends AsyncDisposable {
  /** A folder for what a run needs. Removed in the end, with all that is in it. */
  readonly folder: string;
  /** The file of a program, by its name. */
  of(name: string): string;
}

/** The programs of the streaming benchmark. */
export interface Programs extends Omit<Bundle, "of"> {
  readonly agent: string;
  readonly bareSender: string;
}

/** Bundles the agent and the bare sender alike. */
export async function bundlePrograms(): Promise<Programs> {
  const programs = await bundle({
    agent: fileURLToPath(import.meta.resolve("../../src/main.ts")),
    "bare-sender": fileURLToPath(import.meta.resolve("./bare-sender.ts")),
  });
  return { ...programs, agent: programs.of("agent"), bareSender: programs.of("bare-sender") };
}

/** Bundles programs, all alike. @param sources their files, by name */
export async function bundle(sources: Readonly<Record<string, string>>): Promise<Bundle> {
  const folder = await mkdtemp(path.join(tmpdir(), "sis-agent-bench-"));
  const { outputFiles } = await build({
    entryPoints: sources,
    write: false,
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
  await Promise.all(outputFiles.map(({ path: file, text }) => writeFile(file, inAscii(text))));
  return {
    folder,
    of: (name) => path.join(folder, `${name}.mjs`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
