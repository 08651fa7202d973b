import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { reload } from "../../src/cli/reload.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { Folder } from "./process.ts";

const settings = (region: string, more = "", key = "AK") =>
  `device_id = "d"\n[sis]\nendpoint = "wss://sis-ext.${region}.myhuaweicloud.com"\nproject_id = "p"\n${more}[sis.auth]\nmethod = "aksk"\naccess_key = "${key}"\nsecret_key_file = "sk"\n`;

for (const [what, file, renewals, says] of [
  [
    "the same settings",
    settings("cn-north-4"),
    1,
    /^reloaded: keys and secrets are read again, and nothing else has changed$/,
  ],
  ["another key", settings("cn-north-4", "", "AK2"), 1, /^reloaded: keys and secrets .*nothing else has changed$/],
  ["another setting", settings("cn-north-4", "chunk_ms = 200\n"), 1, /^reloaded: .*restart the agent for the rest$/],
  ["another region", settings("cn-east-3"), 0, /^not reloaded: the secrets may go with settings/],
] as const)
  test(`reload: secrets are taken over where they go with what runs: ${what}`, async () => {
    await using folder = await Folder.with({ "agent.toml": settings("cn-north-4"), sk: "s3cret\n" });
    const running = await loadConfiguration(folder.of("agent.toml"), {});
    await writeFile(folder.of("agent.toml"), file);
    const said: string[] = [];
    const say = (message: string) => void said.push(message);
    let renewed = 0;
    await reload(
      { file: folder.of("agent.toml"), environment: {}, running },
      { renew: () => void (renewed += 1) },
      { debug() {}, info: say, warn: say, error: say },
    );
    assert.equal(renewed, renewals);
    assert.match(said.at(-1) ?? "", says);
  });
