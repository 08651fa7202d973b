import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Hearsay } from "../../scripts/campaigning/hearsay.ts";
import { openScene } from "../../scripts/campaigning/scene.ts";
import { judge } from "../../scripts/campaigning/verdict.ts";
import { eventually } from "./lab/processes.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const machine = { namespaces: false, filter: null, pdeathsig: false, meets: [], lacks: [] } as const;
const profile = {
  mode: "continuous",
  auth: "aksk",
  format: "pcm16k16bit",
  memorySeconds: 120,
  disk: "outage",
  catchUpRate: 3,
  everyMs: 1200,
  digits: 4,
  vadTailMs: 400,
} as const;

test("an agent that is restarted goes on recording while it waits for the service's last words", {
  timeout: 90_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sis-agent-restart-"));
  try {
    using hearsay = new Hearsay(join(folder, "transcripts.jsonl"));
    const agent = { program: [process.execPath, main], env: {} };
    await using scene = await openScene(
      { folder, profile, microphone: "stand-in", machine, agent, limits: {} },
      hearsay,
    );
    const { room, service } = scene;
    await eventually(() => hearsay.lines.length > 2, "words are recognised", 30_000);
    service.addFault({ fault: { kind: "stall", for_ms: 6000 } });
    await eventually(() => service.state().faults.every(({ over }) => over), "the service stands still");
    const askedMs = room.nowMs() ?? 0;
    const tookMs = await scene.agent.end("SIGTERM");
    scene.agent.start();
    const said = hearsay.lines.length;
    await eventually(() => hearsay.lines.length > said + 6, "words from before and after", 40_000);
    assert.ok((await scene.agent.end("SIGTERM")) < 10_000);

    const heard = room.heard([]);
    const [before, after] = heard;
    assert.ok(before !== undefined && after !== undefined && heard.length === 2, JSON.stringify(heard));
    t.diagnostic(
      `the stop took ${Math.round(tookMs)} ms, nothing was captured for ${Math.round(after.from - before.to)} ms`,
    );
    assert.ok(tookMs > 1400, "the service did not answer END");
    assert.ok(
      before.to - askedMs > 1000,
      `captured for ${Math.round(before.to - askedMs)} ms after it was asked to stop`,
    );
    const wallStartMs = Date.now() - (room.nowMs() ?? 0);
    const lines = hearsay.lines.map((line) => ({
      ...line,
      startMs: line.startMs - wallStartMs,
      endMs: line.endMs - wallStartMs,
    }));
    assert.deepEqual(judge(lines, scene.shape, heard, [], room).misfortunes, []);
    assert.deepEqual(hearsay.errors, []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
