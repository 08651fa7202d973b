import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openSound } from "../../src/agent/sound.ts";
import type { Gap } from "../../src/audio/log.ts";
import { Fault } from "../../src/base/fault.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { ManualClock } from "../lab/manual-clock.ts";

const hourMs = 3_600_000;

test("what nobody wanted to hear is not missed, also where the microphone is busy when it is wanted again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sound-"));
  const { settings } = await loadConfiguration("/dev/null", {
    SIS_AGENT_STATE_DIR: folder,
    SIS_AGENT_BUFFER__DISK: "off",
    SIS_AGENT_SIS__ENDPOINT: "ws://127.0.0.1:9",
    SIS_AGENT_SIS__PROJECT_ID: "p",
    SIS_AGENT_SIS__AUTH__METHOD: "none",
  });
  const clock = new ManualClock();
  const gaps: Gap[] = [];
  const sound = openSound({
    settings,
    boot: "12345678",
    clock,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    onGap: (gap) => gaps.push(gap),
    onDisk() {},
  });
  const hear = () => {
    clock.advance(100);
    sound.take({ type: "audio", samples: new Int16Array(1600) });
  };
  sound.take({ type: "opened", description: "a microphone" });
  hear();
  sound.take({ type: "muted", muted: true, by: "stop" });
  clock.advance(hourMs);
  sound.take({ type: "muted", muted: false });
  clock.advance(200);
  sound.take({ type: "interrupted", fault: new Fault("device-busy", "it is busy"), attempt: 1, retryInMs: 1000 });
  clock.advance(1000);
  sound.take({ type: "opened", description: "a microphone" });
  hear();
  assert.deepEqual(
    gaps.map(({ cause, lostMs }) => [cause, lostMs]),
    [["capture", 1200]],
  );
  await sound.close();
  rmSync(folder, { recursive: true });
});
