import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { plugIn } from "../../scripts/panel-simulator/port.ts";
import { Folder } from "../cli/process.ts";

test("the simulated panel does not take the place of a file", async () => {
  await using folder = await Folder.with({ "agent.toml": "mine" });
  await assert.rejects(plugIn(folder.of("agent.toml")), /agent\.toml is there already/);
  assert.equal(await readFile(folder.of("agent.toml"), "utf8"), "mine");
});
