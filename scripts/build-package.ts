/**
 * npm run build (and npm pack, by itself): the program and its entry points as JavaScript with declarations, in dist/npm:
 * what the npm package ships. File by file, so that a stack trace names what src/ has.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { commit } from "../src/cli/version.ts";

const root = path.dirname(import.meta.dirname);
const out = path.join(root, "dist/npm");

rmSync(out, { recursive: true, force: true });
const tsc = path.join(root, "node_modules/.bin/tsc");
const { status } = spawnSync(tsc, ["--project", "scripts/build/package.tsconfig.json"], {
  cwd: root,
  stdio: "inherit",
});
if (status === 0) {
  // What runs in a browser is shipped as it is.
  for (const file of globSync("src/console/page/*.{js,css,html,svg}", { cwd: root }))
    cpSync(path.join(root, file), path.join(out, path.relative("src", file)));
  // The compiler leaves the names in declarations as they are in the source.
  for (const file of globSync("**/*.d.ts", { cwd: out })) {
    const text = readFileSync(path.join(out, file), "utf8");
    const named = text.replaceAll(/(["'])(\.{1,2}\/[^"']+)\.ts\1/g, "$1$2.js$1");
    // Whoever imports them may have told the compiler of no types: TypeScript 7 looks for none by itself.
    writeFileSync(
      path.join(out, file),
      file.startsWith("exports/") ? `/// <reference types="node" />\n${named}` : named,
    );
  }
  // As the build of the packaged program sets it.
  const version = path.join(out, "cli/version.js");
  writeFileSync(version, `const SIS_AGENT_COMMIT = ${JSON.stringify(commit())};\n${readFileSync(version, "utf8")}`);
  chmodSync(path.join(out, "main.js"), 0o755);
}
process.exitCode = status ?? 1;
