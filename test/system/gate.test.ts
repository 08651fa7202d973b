import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  accountNumbers,
  type NumberShape,
  numberSamples,
  numberWord,
  plainNumbers,
} from "../../src/simulator/numbers.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { withNoise } from "../simulator/sounds.ts";
import { startAgentProcess } from "./lab/agent-process.ts";

const sampleRate = 16_000;
const plain = plainNumbers(sampleRate);

/** Numbers with pauses between them, in a room that is not quite silent. */
function numbersInARoom(seconds: number, shape: NumberShape) {
  const samples = withNoise(numberSamples(0, seconds * sampleRate, shape), -65, "room");
  return { samples, sampleRate };
}

function config(url: string, gate: string, speed: number): string {
  const sis = `[sis]\nendpoint = "${url}"\nproject_id = "p"`;
  return `${sis}\n[audio]\nsource = "file"\npath = "{{wav}}"\nspeed = ${speed}\ngate = "${gate}"`;
}

/** The ledger that the agent logs as it stops, ms. */
function ledgerIn(log: string): Readonly<Record<string, number>> {
  const line = log.split("\n").find((each) => each.includes("the agent has stopped"));
  return JSON.parse(line ?? "{}") as Readonly<Record<string, number>>;
}

describe("the gate, as users run it", { concurrency: 3 }, () => {
  test("speech: every number once, at its time, and little more than the numbers is sent", async () => {
    const count = 10;
    const shape = { ...plain, firstAtMs: 3000, everyMs: 6000 };
    const sound = numbersInARoom(60, shape);
    await using service = await startSimulator({});
    await using agent = await startAgentProcess({ config: config(service.url, "speech", 4), sound });
    assert.equal(await agent.exit(50_000), 0, agent.log);
    assert.deepEqual(
      accountNumbers(count, agent.texts, shape.digits),
      { sent: count, heard: count, lost: 0, doubled: 0, outOfOrder: 0, other: 0 },
      agent.log,
    );
    const state = service.state();
    assert.deepEqual(state.violations, {});
    // A number with what passes before and after it: half a second, and the hangover of one.
    assert.ok(state.audio_ms >= count * 1800 && state.audio_ms <= count * 2700, `${state.audio_ms} ms were sent`);
    const { capturedMs, acknowledgedMs, withheldMs, lostMs } = ledgerIn(agent.log);
    assert.deepEqual([capturedMs, acknowledgedMs, lostMs], [60_000, 60_000, 0]);
    assert.ok(Math.abs(60_000 - Number(withheldMs) - state.audio_ms) < 500, `${Number(withheldMs)} ms were withheld`);
    const finals = agent.lines.filter((line) => line.final);
    const beginMs = Date.parse(finals[0]?.start ?? "") - numberWord(1, shape).startMs;
    for (const { text, start, end } of finals) {
      const { startMs, endMs } = numberWord(Number(text), shape);
      assert.ok(Math.abs(Date.parse(start) - beginMs - startMs) <= 100, `start of ${text}`);
      assert.ok(Math.abs(Date.parse(end) - beginMs - endMs) <= 100, `end of ${text}`);
    }
  });

  test("speech: a long pause ends the session before the service would, and the next word begins another", async () => {
    const shape = { ...plain, everyMs: 21_000 };
    const sound = numbersInARoom(23, shape);
    await using service = await startSimulator({});
    await using agent = await startAgentProcess({ config: config(service.url, "speech", 1), sound });
    assert.equal(await agent.exit(50_000), 0, agent.log);
    assert.deepEqual(agent.texts, ["0001", "0002"]);
    const state = service.state();
    assert.deepEqual(state.violations, {});
    assert.deepEqual(
      state.sessions.last.map(({ ended }) => ended),
      ["NORMAL", "NORMAL"],
    );
    const [first, second] = state.connections.last;
    assert.ok(first !== undefined && second !== undefined, "a connection each");
    assert.ok(second.opened_ms - (first.closed_ms ?? Number.NaN) > 1000, "none while nobody speaks");
    assert.ok(state.audio_ms < 6000, `${state.audio_ms} ms were sent`);
  });

  test("button: nobody presses it, nothing is sent, and nobody is called", async () => {
    const sound = numbersInARoom(20, plain);
    await using service = await startSimulator({});
    await using agent = await startAgentProcess({ config: config(service.url, "button", 10), sound });
    assert.equal(await agent.exit(20_000), 0, agent.log);
    assert.equal(service.state().connections.attempts, 0);
    const { capturedMs, withheldMs } = ledgerIn(agent.log);
    assert.deepEqual([capturedMs, withheldMs], [20_000, 20_000]);
    assert.match(agent.log, /nothing can press the button/);
  });
});
