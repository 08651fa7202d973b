import assert from "node:assert/strict";
import { test } from "node:test";
import { interpret } from "../../src/config/interpret.ts";
import { keys } from "../../src/config/keys.ts";
import { withRemote } from "../../src/config/remote.ts";

const toml = `device_id = "d"
[sis]
endpoint = "ws://127.0.0.1:1"
project_id = "p"
interim_results = "yes"
[mqtt]
url = "mqtt://127.0.0.1"`;
const { settings: own } = interpret({ file: "/etc/agent.toml", toml, environment: {}, machineId: null });
assert.ok(own !== null);
const problems = (wanted: object) => {
  const found = withRemote(own, { ...wanted });
  return "problems" in found ? found.problems : [];
};

test("settings over the device's own, which stay as they are", () => {
  const found = withRemote(own, { "sis.vad_tail": 300, "buffer.catch_up_rate": 5, log_level: "debug" });
  assert.ok("settings" in found);
  assert.deepEqual(found.settings, {
    ...own,
    log_level: "debug",
    sis: { ...own.sis, vad_tail: 300 },
    buffer: { ...own.buffer, catch_up_rate: 5 },
  });
  assert.equal(own.sis.vad_tail, undefined);
  assert.deepEqual(withRemote(own, {}), { settings: own });
});

test("only what is marked can be set: no secret, no path, no address, nothing that others rely on", () => {
  const remote = keys.filter((key) => key.remote);
  assert.ok(remote.every((key) => !key.isPath && !key.sensitive && key.credential === null));
  for (const path of [
    "sis.endpoint",
    "sis.auth.access_key",
    "audio.device",
    "mqtt.url",
    "mqtt.transcripts",
    "state_dir",
  ])
    assert.match(problems({ [path]: "x" })[0]?.message ?? "", /only in the device's own file/, path);
});

test("everything that is wrong is told, as for the device's own file", () => {
  assert.match(problems({ "sis.vad_tial": 1 })[0]?.message ?? "", /did you mean sis\.vad_tail/);
  assert.deepEqual(problems({ "sis.vad_tail": -1 })[0]?.key, "sis.vad_tail");
  assert.match(problems({ "sis.vad_tail": -1 })[0]?.message ?? "", /0\.\.3000/);
  const [odd] = problems({ "sis.property": "chinese_8k_common" });
  assert.deepEqual(odd?.key, "sis.property", "what the fleet has set, and can mend");
  assert.match(odd.message, /8 kHz/);
  assert.match(problems({ loudness: 1 })[0]?.message ?? "", /the fleet can set: .*sis\.vad_tail.*[^…]$/);
  assert.equal(problems({ "sis.vad_tail": "x", "sis.chunk_ms": 1 }).length, 2);
  for (const name of ["__proto__", "constructor.prototype.x", "", "sis", "sis.auth"])
    assert.equal(problems({ [name]: 1 }).length, 1, name);
});
