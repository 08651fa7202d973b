import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startAgent } from "../../src/agent.ts";
import { Spool } from "../../src/audio/spool.ts";
import { systemClock } from "../../src/base/clock.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { eventually } from "../system/lab/processes.ts";

const logger = { debug() {}, info() {}, warn() {}, error() {} };

test("what an earlier run has left is recognised though the microphone is not there", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "left-over-"));
  t.after(() => rmSync(folder, { recursive: true }));
  await using service = await startSimulator();
  const spool = new Spool({
    folder: join(folder, "audio"),
    keeps: true,
    sampleRate: 8_000,
    maxBytes: 1e8,
    maxAgeMs: 3.6e6,
    clock: systemClock,
    onTrouble: (fault) => assert.equal(fault, null),
    onLooked() {},
  });
  const samples = new Int16Array(40_000).fill(1);
  spool.keep({ stream: "old.1", streamStart: 0, wallMs: Date.now() - 60_000, position: 0, samples });
  await spool.close();
  const file = join(folder, "agent.toml");
  writeFileSync(
    file,
    `device_id = "d"
state_dir = "${folder}"
[sis]
endpoint = "${service.url}"
project_id = "p"
audio_format = "pcm8k16bit"
property = "chinese_8k_common"
[audio]
source = "serial"
path = "${join(folder, "nowhere")}"
`,
  );
  const { settings, secrets } = await loadConfiguration(file, {});
  const agent = startAgent({ settings, secrets, version: "1", build: "t", logger, onReport() {} });
  assert.equal(agent.backlogMs(), 5_000);
  await eventually(() => agent.backlogMs() === 0, "it is sent");
  await agent.stop("over");
});
