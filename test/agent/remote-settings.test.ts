import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { configHost, settingsInEffect } from "../../src/agent/remote-settings.ts";
import { interpret } from "../../src/config/interpret.ts";
import type { Settings } from "../../src/config/schema.ts";
import { noRemoteConfig, remoteConfigText } from "../../src/fleet/remote-config-file.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

function settingsIn(folder: string, more = '[mqtt]\nurl = "mqtt://127.0.0.1"'): Settings {
  const toml = `device_id = "d"\nstate_dir = "${folder}"\n[sis]\nendpoint = "ws://127.0.0.1:1"\nproject_id = "p"\n${more}`;
  const { settings } = interpret({ file: "/a.toml", toml, environment: {}, machineId: null });
  assert.ok(settings !== null);
  return settings;
}

function folderWith(content: string | null) {
  const folder = mkdtempSync(join(tmpdir(), "remote-"));
  if (content !== null) writeFileSync(join(folder, "remote-config.json"), content);
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

const kept = remoteConfigText({ ...noRemoteConfig, settings: { "sis.vad_tail": 300 }, status: "applied" });

test("a start takes up what the fleet had set and had proved good", () => {
  using lab = folderWith(kept);
  const { settings, config } = settingsInEffect(settingsIn(lab.folder), logger);
  assert.equal(settings.sis.vad_tail, 300);
  assert.equal(config.status, "applied");
});

test("without a broker nobody could take it back: it is left out", () => {
  using lab = folderWith(kept);
  assert.equal(settingsInEffect(settingsIn(lab.folder, ""), logger).settings.sis.vad_tail, undefined);
});

test("what does not go with the device's own settings any more is left out, and told", () => {
  const odd = remoteConfigText({
    ...noRemoteConfig,
    settings: { "sis.property": "chinese_8k_common" },
    status: "applied",
  });
  using lab = folderWith(odd);
  const own = settingsIn(lab.folder);
  const { settings, config } = settingsInEffect(own, logger);
  assert.deepEqual(settings, own);
  assert.deepEqual([config.status, config.settings], ["refused", {}]);
  assert.match(config.errors[0]?.message ?? "", /8 kHz/);
});

test("a file that is missing, or not ours, is nothing", () => {
  for (const content of [null, "", "{}", '{"v":1,"settings":{"a":{}}}']) {
    using lab = folderWith(content);
    assert.deepEqual(settingsInEffect(settingsIn(lab.folder), logger).config, noRemoteConfig);
  }
});

test("the host says what is wrong, and runs on what is right", async () => {
  using lab = folderWith(null);
  const own = settingsIn(lab.folder);
  const applied: Settings[] = [];
  const host = configHost(own, (settings) => {
    applied.push(settings);
    return Promise.resolve({ onTrial: true });
  });
  assert.deepEqual(host.check({ "sis.vad_tail": 300 }), []);
  assert.equal(host.check({ "sis.vad_tail": "x" }).length, 1);
  assert.deepEqual(
    host.check({ "sis.vad_tail": null, "": 1, "sis.mod": [] }).map(({ key }) => key),
    ['""', "sis.mod"],
  );
  const [problem] = host.check({ "sis.vad_tail": null });
  assert.deepEqual(problem, {
    key: "sis.vad_tail",
    message: "found something else; allowed: a whole number 0..3000 (ms)",
  });
  for (const odd of [[], {}, { a: { b: 1 } }]) {
    const told = host.check({ "sis.vad_tail": odd }).map(({ key }) => key);
    assert.deepEqual(told, ["sis.vad_tail"]);
  }
  assert.deepEqual(await host.apply({ "sis.vad_tail": 300 }), { onTrial: true });
  assert.equal(applied[0]?.sis.vad_tail, 300);
});
