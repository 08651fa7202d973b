import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assertWritable } from "../../../src/base/wanted-file.ts";
import { bundleBeginning, safeLog, writeBundle } from "../../../src/cli/doctor/bundle.ts";

const line = (fields: object) => JSON.stringify({ level: "info", time: "2026-01-01T00:00:00Z", msg: "m", ...fields });

test("of a log, only what the agent's logger wrote is passed on, without secrets", () => {
  const kept = [line({ code: "SIS.0303" }), `<6>${line({ msg: "streams" })}`];
  const left = [
    '{"type":"transcript","id":"1","text":"what was said"}',
    line({ text: "what was said" }),
    "what was said",
    '{"level":"info","msg":',
    "",
  ];
  const log = safeLog([...kept, ...left, line({ detail: "sent hunter2-key, twice hunter2-key" })], ["hunter2-key"]);
  assert.deepEqual(log, [kept[0], kept[1]?.slice(3), line({ detail: "sent ***, twice ***" })]);
});

test("a secret is masked as JSON writes it, too", () => {
  const secrets = ['pass"word\\1', "-----BEGIN KEY-----\nabc\n-----END KEY-----"];
  const log = safeLog([line({ detail: `one ${secrets[0]}, two ${secrets[1]}` })], secrets);
  assert.deepEqual(log, [line({ detail: "one ***, two ***" })]);
});

test("a line of any length is cut", () => {
  const [cut = ""] = safeLog([line({ detail: "x".repeat(100_000) })], []);
  assert.ok(cut.length <= 2001);
});

test("a bundle may be written over by the next one: it is told by its beginning", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bundle-"));
  const file = join(folder, "bundle.json");
  try {
    await writeBundle(file, { configFile: "agent.toml", configuration: null, results: [], nowMs: 0 });
    await assertWritable(file, bundleBeginning);
  } finally {
    await rm(folder, { recursive: true });
  }
});
