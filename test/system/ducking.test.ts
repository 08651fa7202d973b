import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { levelOf, tallyOf } from "../../src/audio/level.ts";
import { readInt16 } from "../../src/audio/pcm.ts";
import { dtmf, joined, plainDtmf } from "../../src/simulator/dtmf.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { startAgentProcess } from "./lab/agent-process.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Somebody who speaks for 1.5 s and is silent for 2.5 s, again and again. */
function talker(): Int16Array {
  const words = dtmf("123456789012345", { ...plainDtmf, sampleRate: 16_000 });
  return joined(Array.from({ length: 15 }, () => [words, new Int16Array(40_000)]).flat());
}

/** How loud what was played is, dBFS, tenth of a second by tenth of a second; each holds a tone. */
async function loudness(file: string): Promise<number[]> {
  const samples = readInt16(await readFile(file));
  return Array.from({ length: Math.floor(samples.length / 1600) }, (_, n) =>
    Math.round(levelOf(tallyOf(samples.subarray(n * 1600, (n + 1) * 1600))).rmsDbfs),
  );
}

/** Has an agent speak for six seconds to somebody who speaks, too. */
async function speakTo(synthesis: string): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), "ducking-"));
  await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  await writeFile(join(folder, "room"), new Uint8Array(talker().buffer));
  await using service = await startSimulator({ voice: "dtmf" });
  await using agent = await startAgentProcess({
    config: `[sis]\nendpoint = "${service.url}"\nproject_id = "p"\n[synthesis]\n${synthesis}\n`,
    program: [process.execPath, path("fixtures/speaking-agent.ts")],
    env: {
      PATH: `${path("lab/fake-player")}:${path("lab/fake-recorder")}:${process.env["PATH"] ?? ""}`,
      FAKE_RECORDER: "plays-on",
      FAKE_SOUND: join(folder, "room"),
      FAKE_PLAYER: "keeps",
      FAKE_FILE: join(folder, "played"),
    },
  });
  await agent.until("it listens", () => agent.log.includes("recognition: streaming"));
  agent.child.stdin.write(`${"1234567890".repeat(6)}\n`);
  await agent.until("it has spoken", () => agent.log.includes("a text was spoken"));
  const levels = await loudness(join(folder, "played"));
  return levels.slice(0, 60);
}

test("while somebody speaks to it, it is quieter, and no less is said", { concurrency: true }, async (t) => {
  await Promise.all([
    t.test("with barge_in", async () => {
      const levels = await speakTo("barge_in = true\nduck_db = 20");
      const full = Math.max(...levels);
      const quiet = levels.filter((level) => Math.abs(level - (full - 20)) <= 1).length;
      const loud = levels.filter((level) => Math.abs(level - full) <= 1).length;
      assert.ok(quiet >= 15 && loud >= 8, `full ${full}: ${levels.join(" ")}`);
      assert.ok(quiet + loud >= 50, `it changes quickly: ${levels.join(" ")}`);
    }),
    t.test("not without, for then it is deaf", async () => {
      const levels = await speakTo("duck_db = 20");
      assert.ok(Math.max(...levels) - Math.min(...levels) <= 1, levels.join(" "));
    }),
  ]);
});
