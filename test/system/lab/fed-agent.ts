import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { accountNumbers, numberSamples, numbersWithin, plainNumbers } from "../../../src/simulator/numbers.ts";
import { startAgentProcess, type TranscriptLine } from "./agent-process.ts";

export const shape = plainNumbers(16_000);
const chunkMs = 100;
const samplesPerMs = shape.sampleRate / 1000;

type AgentProcess = Awaited<ReturnType<typeof startAgentProcess>>;

/**
 * An agent that is fed with spoken numbers through its standard input, and may die and be started again in between:
 * the sound goes on where it was, the state stays.
 * @param folder where its state is to be kept
 */
export async function fedAgent(config: string, folder = tmpdir()) {
  const stateDir = await mkdtemp(path.join(folder, "sis-agent-state-"));
  const lines: TranscriptLine[] = [];
  let agent: AgentProcess | null = null;
  let fedMs = 0;

  const running = () => {
    assert.ok(agent !== null, "the agent is not running");
    return agent;
  };

  async function gone(): Promise<void> {
    const last = running();
    agent = null;
    await last[Symbol.asyncDispose]();
    lines.push(...last.lines);
  }

  return {
    stateDir,
    /** All that any of the processes has said. */
    get lines(): readonly TranscriptLine[] {
      return [...lines, ...(agent?.lines ?? [])];
    },
    get log(): string {
      return agent?.log ?? "";
    },
    get pid(): number {
      return running().child.pid ?? 0;
    },
    async start(): Promise<void> {
      const text = `[audio]\nsource = "stdin"\n${config}`;
      agent = await startAgentProcess({ config: text, stateDir });
      const { child } = agent;
      child.stdin.on("error", () => {}); // it may die while it is being fed
    },
    /** Feeds so much more sound, in real time, which begins when it hears. */
    async feed(ms: number): Promise<void> {
      let startMs = performance.now();
      for (let done = 0; done < ms; done += chunkMs) {
        await sleepUntil(startMs + done);
        const samples = numberSamples(fedMs * samplesPerMs, chunkMs * samplesPerMs, shape);
        running().child.stdin.write(Buffer.from(samples.buffer));
        fedMs += chunkMs;
        if (done > 0) continue;
        // While it starts, a signal ends it without further ado.
        await running().until("it hears", () => running().log.includes("sound flows"));
        startMs = performance.now();
      }
    },
    async until(what: string, condition: () => boolean, deadlineMs?: number): Promise<void> {
      await running().until(what, condition, deadlineMs);
    },
    /** The power goes, as far as the process is concerned. */
    async kill(): Promise<void> {
      running().child.kill("SIGKILL");
      await gone();
    },
    /** Asks it to stop. @returns how long it took, ms */
    async stop(): Promise<{ readonly code: number | null; readonly tookMs: number; readonly log: string }> {
      const last = running();
      const startMs = performance.now();
      last.child.kill("SIGTERM");
      const code = await last.exit(10_000);
      const tookMs = performance.now() - startMs;
      await gone();
      return { code, tookMs, log: last.log };
    },
    /** Ends the sound: it has everything recognised, and exits. */
    async finish(): Promise<void> {
      const last = running();
      last.child.stdin.end();
      assert.equal(await last.exit(60_000), 0, last.log);
      await gone();
    },
    /** Every number that was fed was heard once; the same transcript told twice counts once. */
    assertAllHeard(): void {
      const finals = new Map<string, string>();
      for (const line of lines) if (line.final && !finals.has(line.id)) finals.set(line.id, line.text);
      const count = numbersWithin(fedMs, shape);
      assert.deepEqual(accountNumbers(count, finals.values(), shape.digits), {
        sent: count,
        heard: count,
        lost: 0,
        doubled: 0,
        outOfOrder: 0,
        other: 0,
      });
    },
    async [Symbol.asyncDispose]() {
      await agent?.[Symbol.asyncDispose]();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

function sleepUntil(atMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - performance.now())));
}
