import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Folder } from "../cli/process.ts";

const program = fileURLToPath(new URL("./claimant.ts", import.meta.url));

/** A process that claims folders. */
function claimant() {
  const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async claims(folder: string, atMs: number): Promise<string> {
      child.stdin.write(`${atMs} ${folder}\n`);
      return String((await lines.next()).value);
    },
    [Symbol.dispose]: () => void child.kill("SIGKILL"),
  };
}

test("of two agents that start at the same moment one gets the folder, whatever a dead one has left there", async () => {
  await using place = await Folder.with({});
  using one = claimant();
  using other = claimant();
  const leftBehind = [JSON.stringify({ pid: 4_194_000, start: "an earlier boot" }), "", null];
  for (let round = 0; round < 60; round += 1) {
    const folder = place.of(`audio-${round}`);
    mkdirSync(folder);
    const left = leftBehind[round % leftBehind.length] ?? null;
    if (left !== null) writeFileSync(path.join(folder, "owner"), left);
    const atMs = Date.now() + 10;
    const became = await Promise.all([one.claims(folder, atMs), other.claims(folder, atMs)]);
    assert.deepEqual(became.toSorted(), ["claimed", "disk-in-use"], `round ${round}`);
    assert.deepEqual(readdirSync(folder), ["owner"]);
  }
});
