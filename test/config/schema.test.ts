import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "smol-toml";
import { configurationPage, sampleConfiguration } from "../../scripts/generate-config-docs.ts";
import { interpret } from "../../src/config/interpret.ts";
import { keys, tables } from "../../src/config/keys.ts";
import { settingsJsonSchema } from "../../src/config/schema.ts";
import { levelProblem } from "../../src/fleet/topics.ts";
import { audioFormats, limits, rasrUrl, sampleRateOf, sampleRateOfProperty } from "../../src/sis/request.ts";

const validate = new Ajv2020({ strict: false }).compile(settingsJsonSchema());
const key = (path: string) => {
  const found = keys.find((each) => each.path === path);
  assert.ok(found, path);
  return found;
};

test("every setting and table is described", () => {
  assert.equal(keys.length, new Set(keys.map(({ path }) => path)).size);
  for (const { path, description, allowed } of keys) {
    assert.match(description, /^[A-Z].*\.$/s, path);
    assert.doesNotMatch(allowed, /undefined/, path);
  }
  for (const { path, description } of tables) assert.match(description, /^[A-Z].*\.$/, path);
});

test("every secret's file can be a credential of its own name", () => {
  const files = keys.filter(({ path }) => path.endsWith("_file"));
  const credentials = files.map(({ credential }) => credential);
  assert.deepEqual(credentials, [
    "secret_key",
    "password",
    "token",
    "mqtt_password",
    "mqtt_ca",
    "mqtt_cert",
    "mqtt_key",
  ]);
});

test("the JSON Schema takes the sample, and the sample is current and right", () => {
  const sample = sampleConfiguration();
  assert.equal(
    readFileSync(new URL("../../device/config.sample.toml", import.meta.url), "utf8"),
    sample,
    "run scripts/generate-config-docs.ts",
  );
  assert.ok(validate(JSON.parse(JSON.stringify(parse(sample)))), JSON.stringify(validate.errors));
  const { problems } = interpret({ file: "sample", toml: sample, environment: {}, machineId: "1".repeat(32) });
  assert.deepEqual(problems, []);
});

test("every commented line of the sample is right, too", () => {
  const settings = sampleConfiguration()
    .replaceAll(/^# (\w+ = .*|\[\w+\])$/gm, "$1")
    .replace('audio_format = "pcm16k16bit"', 'audio_format = "pcm16k16bit" # uncommented');
  const { problems } = interpret({ file: "sample", toml: settings, environment: {}, machineId: null });
  assert.deepEqual(problems, []);
  assert.ok(validate(JSON.parse(JSON.stringify(parse(settings)))), JSON.stringify(validate.errors));
});

test("docs/configuration.md is current, and tells of every setting", () => {
  const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  assert.equal(page, configurationPage(), "run scripts/generate-config-docs.ts");
  for (const { name } of keys) assert.ok(page.includes(`| \`${name}\` |`), name);
});

for (const [name, document] of [
  ["an unknown key", { colour: 1 }],
  ["a wrong type", { fleet: 1 }],
  ["out of range", { buffer: { memory_seconds: 1 } }],
  ["a missing key", { sis: { endpoint: "ws://localhost" } }],
] as const) {
  test(`the JSON Schema refuses ${name}`, () => {
    const least = { sis: { endpoint: "ws://localhost", project_id: "p" } };
    assert.ok(validate(least), JSON.stringify(validate.errors));
    assert.ok(!validate({ ...least, ...document }));
  });
}

test("what the service's own documentation limits is limited alike", () => {
  assert.deepEqual(key("sis.audio_format").choices, audioFormats);
  assert.equal(key("sis.chunk_ms").allowed, `a whole number ${limits.chunkMs.min}..${limits.chunkMs.max} (ms)`);
  assert.equal(key("sis.vad_head").allowed, `a whole number ${limits.vadHeadMs.min}..${limits.vadHeadMs.max} (ms)`);
  assert.equal(key("sis.vad_tail").allowed, `a whole number ${limits.vadTailMs.min}..${limits.vadTailMs.max} (ms)`);
  assert.equal(key("sis.max_seconds").allowed, `a whole number ${limits.maxSeconds.min}..${limits.maxSeconds.max} (s)`);
  assert.equal(key("sis.chunk_ms").default, limits.chunkMs.default);
});

const models = [
  "chinese_8k_common",
  "chinese_16k_common",
  "chinese_16k_general",
  "cantonese_16k_common",
  "sichuan_16k_common",
  "tongyong",
];

test("a model and a format go together here exactly where they do for the service", () => {
  for (const property of models) {
    for (const format of audioFormats) {
      const toml = `sis = { endpoint = "ws://localhost", project_id = "p", property = "${property}", audio_format = "${format}" }`;
      const { problems } = interpret({ file: "f", toml, environment: {}, machineId: "1".repeat(32) });
      const rate = sampleRateOfProperty(property);
      assert.equal(problems.length === 0, rate === null || rate === sampleRateOf(format), `${property} ${format}`);
    }
  }
});

test("an endpoint and a project that are taken here make a URL there", () => {
  for (const [endpoint, projectId] of [
    ["wss://sis-ext.cn-north-4.myhuaweicloud.com", "0123456789abcdef0123456789abcdef"],
    ["wss://sis.example:8443/", "a-b_c"],
    ["ws://[::1]:80", "p"],
    ["wss://user@x", "p"],
    ["wss://x/path", "p"],
    ["wss://x?query", "p"],
    ["https://x", "p"],
    ["x", "p"],
    ["wss://x", ""],
    ["wss://x", "a/b"],
    ["wss://x", "a".repeat(65)],
  ] as const) {
    const toml = `sis = { endpoint = "${endpoint}", project_id = "${projectId}", auth = { method = "aksk", access_key = "A" } }`;
    const { problems } = interpret({ file: "f", toml, environment: {}, machineId: "1".repeat(32) });
    let isTakenThere = true;
    try {
      rasrUrl(endpoint, projectId, "short");
    } catch {
      isTakenThere = false;
    }
    assert.equal(problems.length === 0, isTakenThere, `${endpoint} ${projectId}`);
  }
});

test("a device and a fleet can be named exactly as a topic can", () => {
  const names = [
    "d",
    "kiosk-17",
    "前台",
    "a b",
    "",
    "a/b",
    "a+b",
    "a#b",
    "$a",
    "a$",
    ".",
    "..",
    "...",
    ".a",
    "a\nb",
    "\u0085",
    "a".repeat(64),
    "a".repeat(65),
    "😀".repeat(32),
    "😀".repeat(33),
    "\ud800",
  ];
  for (const name of names) {
    const toml = `sis = { endpoint = "ws://localhost", project_id = "p" }`;
    const environment = { SIS_AGENT_DEVICE_ID: name, SIS_AGENT_FLEET: name };
    const { problems } = interpret({ file: "f", toml, environment, machineId: null });
    assert.equal(problems.length, levelProblem(name) === null ? 0 : 2, JSON.stringify(name));
  }
});
