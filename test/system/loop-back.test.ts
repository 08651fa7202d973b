import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { dtmf, joined, plainDtmf } from "../../src/simulator/dtmf.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { startAgentProcess } from "./lab/agent-process.ts";
import { missing } from "./lab/processes.ts";
import { missingForPulse, type PulseLab, startPulse } from "./lab/pulse.ts";

const program = fileURLToPath(new URL("fixtures/speaking-agent.ts", import.meta.url));
const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** An agent with a microphone and a loudspeaker in one room, and the service that it talks to. */
async function home(synthesis: string) {
  await using unfinished = new AsyncDisposableStack();
  const pulse = unfinished.use(await startPulse());
  const simulator = unfinished.use(await startSimulator({ voice: "dtmf" }));
  const config = [
    `[sis]\nendpoint = "${simulator.url}"\nproject_id = "p"`,
    `[audio]\ndevice = "${pulse.device}"`,
    `[synthesis]\ndevice = "${pulse.speaker}"\n${synthesis}`,
  ].join("\n");
  const agent = unfinished.use(
    await startAgentProcess({ config, env: pulse.env, program: [process.execPath, program] }),
  );
  await agent.until("it listens", () => agent.log.includes("recognition: streaming"));
  const scope = unfinished.move();
  return {
    pulse,
    simulator,
    agent,
    say: (text: string) => agent.child.stdin.write(`${text}\n`),
    /** Ends it, and gives its accounts. */
    async accounts(): Promise<Readonly<Record<string, number>>> {
      agent.child.kill("SIGTERM");
      assert.equal(await agent.exit(10_000), 0, agent.log);
      const line = agent.log.split("\n").find((each) => each.includes("the agent has stopped"));
      return JSON.parse(line ?? "{}") as Readonly<Record<string, number>>;
    },
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  };
}

/** Somebody in the room says the digits, after a silence. */
function somebodySays(pulse: PulseLab, digits: string, silenceMs: number): Promise<void> {
  const silence = (ms: number) => new Int16Array(ms * 16);
  return pulse.play(joined([silence(silenceMs), dtmf(digits, { ...plainDtmf, sampleRate: 16_000 }), silence(500)]));
}

/** What "1234" takes to be said, with the room's tail. Sound comes out of the recorder in pieces of an eighth of a second: one at each end. */
const mutedMs = 760 + 400 - 250;

suite("an agent that speaks where it listens", {
  timeout: 120_000,
  skip: missingForPulse("arecord") || missing("aplay"),
}, () => {
  test("does not hear itself, and hears the next one who speaks; the time is in its accounts", async () => {
    await using house = await home("tail_ms = 400");
    const { agent, pulse } = house;
    house.say("1234");
    await agent.until("it has spoken", () => agent.log.includes("a text was spoken"));
    await somebodySays(pulse, "5678", 1500);
    await agent.until("somebody was heard", () => agent.texts.length > 0);
    assert.deepEqual(agent.texts, ["5678"]);
    const { withheldMs = Number.NaN, speakingMs, ...accounts } = await house.accounts();
    assert.ok(withheldMs >= mutedMs && withheldMs < mutedMs + 2000, `${withheldMs} ms were withheld`);
    assert.deepEqual([speakingMs, accounts["mutedMs"]], [withheldMs, 0], "all of it because it spoke");
    const { capturedMs, acknowledgedMs = 0, pendingMs = 0, lostMs = 0 } = accounts;
    assert.equal(Math.round(acknowledgedMs + pendingMs + lostMs), Math.round(capturedMs ?? Number.NaN));
    assert.deepEqual(agent.texts, ["5678"]);
  });

  test("with barge_in, hears every digit of what it says", async () => {
    await using house = await home("barge_in = true");
    const { agent } = house;
    house.say("1234");
    await agent.until("it has heard itself", () => agent.texts.length > 0);
    assert.deepEqual(agent.texts, ["1234"]);
    assert.equal((await house.accounts())["withheldMs"], 0);
  });

  test("hears what `say` says, which is another program's voice, but not its own prompt", async () => {
    await using house = await home('tail_ms = 0\nprompt_start = "9999"');
    const { agent, pulse, simulator } = house;
    await agent.until("its prompt is over", () => agent.log.includes("a text was spoken"));
    const folder = await mkdtemp(join(tmpdir(), "say-"));
    const config = join(folder, "agent.toml");
    const service = `[sis]\nendpoint = "${simulator.url}"\nproject_id = "p"\n`;
    await writeFile(config, `state_dir = "${folder}"\n${service}[synthesis]\ndevice = "${pulse.speaker}"\n`);
    const child = spawn(process.execPath, [main, "say", "1234", "--config", config], {
      env: { ...process.env, ...pulse.env },
      stdio: "inherit",
    });
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 0);
    await agent.until("it was heard", () => agent.texts.length > 0);
    assert.deepEqual(agent.texts, ["1234"]);
    const asked = simulator.state().speech.last.map(({ text }) => text);
    assert.deepEqual(asked, ["9999", "1234"], "the prompt was kept, and not fetched again");
    await rm(folder, { recursive: true });
  });
});
