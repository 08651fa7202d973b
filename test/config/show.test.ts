import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "smol-toml";
import { interpret } from "../../src/config/interpret.ts";
import type { Configuration } from "../../src/config/load.ts";
import { settingsHash, showJson, showToml } from "../../src/config/show.ts";

function configuration(extra = ""): Configuration {
  const { settings, origins } = interpret({
    file: "/etc/a.toml",
    toml: `device_id = "quote\\"d"
[sis]
endpoint = "ws://127.0.0.1:9"
project_id = "p"
[sis.auth]
method = "aksk"
access_key = "HPUA0123456789"
${extra}`,
    environment: { SIS_AGENT_SIS__CHUNK_MS: "250" },
    machineId: null,
  });
  assert.ok(settings !== null);
  return {
    settings,
    origins,
    secrets: {
      service: { method: "aksk", accessKey: "HPUA0123456789", secretKey: "hunter2" },
      broker: { password: undefined, ca: undefined, cert: undefined, key: undefined },
    },
    secretFiles: new Map([["sis.auth.secret_key_file", "/run/credentials/x/secret_key"]]),
    warnings: [],
  };
}

test("as TOML: each setting in effect with where it comes from, secrets masked", () => {
  const text = showToml(configuration(), "/etc/a.toml");
  const lines = text.split("\n");
  for (const line of [
    'device_id = "quote\\"d"  # /etc/a.toml:1',
    'endpoint = "ws://127.0.0.1:9"  # /etc/a.toml:3',
    "chunk_ms = 250  # SIS_AGENT_SIS__CHUNK_MS",
    'mode = "continuous"  # default',
    'access_key = "HPUA***"  # /etc/a.toml:7',
    "# secret_key_file: systemd credential /run/credentials/x/secret_key",
  ]) {
    assert.ok(lines.includes(line), `${line} in:\n${text}`);
  }
  assert.doesNotMatch(text, /hunter2|0123456789|mqtt|panel/);
});

test("as TOML it says the same as it was read from", () => {
  const { settings } = configuration();
  const shown: unknown = JSON.parse(JSON.stringify(parse(showToml(configuration(), "a"))));
  const auth = { ...settings.sis.auth, access_key: "HPUA***" };
  assert.deepEqual(shown, { ...settings, sis: { ...settings.sis, auth } });
});

test("as JSON: settings, origins and the files of the secrets", () => {
  const { settings } = configuration();
  const shown = showJson(configuration(), "/etc/a.toml");
  const auth = { ...settings.sis.auth, access_key: "HPUA***" };
  assert.deepEqual("settings" in shown && shown.settings, { ...settings, sis: { ...settings.sis, auth } });
  const text = JSON.stringify(shown);
  assert.match(text, /"sis.chunk_ms":\{"from":"environment","variable":"SIS_AGENT_SIS__CHUNK_MS"\}/);
  assert.match(text, /"secret_files":\{"sis.auth.secret_key_file":"\/run\/credentials\/x\/secret_key"\}/);
  assert.doesNotMatch(text, /hunter2|0123456789/);
});

test("the hash changes with any setting, and only then", () => {
  const hash = settingsHash(configuration().settings);
  assert.match(hash, /^[0-9a-f]{16}$/);
  assert.equal(settingsHash(configuration("\n# a comment").settings), hash);
  assert.notEqual(settingsHash(configuration("[buffer]\nmemory_seconds = 121").settings), hash);
});
