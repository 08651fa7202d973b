import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { takeStateFolder } from "../../src/agent/state-folder.ts";
import { Folder } from "../cli/process.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

test("a state folder is one agent's; the other one keeps nothing there, and says why", async () => {
  await using place = await Folder.with({});
  const path = place.of("state");
  const first = takeStateFolder(path, logger);
  assert.deepEqual([first.path, first.fault], [path, null]);
  // A process that lives on: the one that started this one.
  const stat = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const start = `${boot} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  const owner = place.of("state/owner");
  writeFileSync(owner, JSON.stringify({ pid: process.ppid, start }));
  const second = takeStateFolder(path, logger);
  assert.equal(second.path, null);
  assert.equal(second.fault?.code, "disk-in-use");
  second[Symbol.dispose]();
  assert.ok(existsSync(owner), "what another one has stays its own");
  first[Symbol.dispose]();
  assert.ok(!existsSync(owner));
});

test("a folder that cannot be used is no reason to keep nothing: whoever writes there tells", async () => {
  await using place = await Folder.with({ state: "a file" });

  const { path, fault } = takeStateFolder(place.of("state"), logger);
  assert.deepEqual([path, fault], [place.of("state"), null]);
});
