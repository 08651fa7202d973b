/** The checks that read the source: each is a tool run over the tree, and passes when the tool exits with 0. */
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export interface Check {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
}

/** Whom a file may import (the rooms) is a lint rule, too: see scripts/lint/rooms.ts. */
export const lint: Check = { name: "lint and boundaries", command: ["oxlint", "src", "test", "scripts"] };
export const format: Check = { name: "format", command: ["biome", "check", "--error-on-warnings"] };
export const types: Check = { name: "types", command: ["tsc", "--project", "."] };
/** What runs in a browser has another world around it. */
export const pageTypes: Check = { name: "types of the page", command: ["tsc", "--project", "src/console/page"] };
export const deadCode: Check = { name: "dead code", command: ["knip", "--treat-config-hints-as-errors"] };
/** Files and packages of the program that only tests use, or that its package does not bring. */
export const testOnly: Check = {
  name: "code of use to tests alone",
  command: ["knip", "--production", "--include", "files,dependencies,unlisted"],
};

export interface Outcome {
  readonly ok: boolean;
  /** Everything the tool said. */
  readonly output: string;
  /** Why nothing could be looked at. */
  readonly skipped?: string;
}

const bin = path.join(import.meta.dirname, "../../node_modules/.bin");

/** Runs a check over the tree in `folder`. `stop` ends the tool. */
export async function runCheck(check: Check, folder: string, stop: AbortSignal, ...more: string[]): Promise<Outcome> {
  const [program, ...args] = check.command;
  // Output goes by way of a file: oxlint panics when a pipe is full.
  const aside = mkdtempSync(path.join(tmpdir(), "sis-agent-check-"));
  const file = path.join(aside, "output");
  const output = openSync(file, "w");
  try {
    const child = spawn(path.join(bin, program), [...args, ...more], {
      cwd: folder,
      // The tools are started by `env node`: it must find the pinned one.
      env: { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}`, NO_COLOR: "1" },
      stdio: ["ignore", output, output],
      signal: stop,
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    return { ok: code === 0, output: readFileSync(file, "utf8") };
  } finally {
    closeSync(output);
    rmSync(aside, { recursive: true, force: true });
  }
}
