import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { startAgentProcess } from "./lab/agent-process.ts";
import { command, outcome, root } from "./lab/fleet-command.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { type Monitor, startMonitor } from "./lab/mqtt-monitor.ts";
import { played } from "./lab/played.ts";

const lab = (name: string) => fileURLToPath(new URL(`lab/${name}`, import.meta.url));
/** Takes three seconds to be said. */
const story = "123456789012345678901234567890";

/** What became of a text that was not said. */
async function reasonOf(monitor: Monitor, id: string): Promise<string> {
  return String((await monitor.find(outcome("say", id, "failed"))).payload["reason"]);
}

test("say: the most urgent first, none after its time, nothing waits for it, and why it could not be", {
  skip: mosquittoMissing,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "fleet-say-"));
  await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  const file = join(folder, "played");
  await using broker = await startMosquitto();
  await using monitor = await startMonitor(broker.url);
  await using service = await startSimulator({ voice: "dtmf" });
  await using agent = await startAgentProcess({
    config: `[sis]\nendpoint = "${service.url}"\nproject_id = "p"\n[mqtt]\nurl = "${broker.url}"\n`,
    env: {
      PATH: `${lab("fake-player")}:${lab("fake-recorder")}:${process.env["PATH"] ?? ""}`,
      FAKE_RECORDER: "steady",
      FAKE_PLAYER: "keeps-all",
      FAKE_FILE: file,
    },
  });
  await agent.until("it listens", () => agent.log.includes("recognition: streaming"));
  const say = (id: string, text: string, more: object = {}, lifeMs?: number) =>
    command(monitor, "say", id, { text, ...more }, lifeMs)();
  const ended = () =>
    monitor.seen
      .filter(
        ({ topic, payload }) =>
          topic.includes("/up/command/say/") && /succeeded|failed/.test(String(payload["status"])),
      )
      .map(({ topic, payload }) => `${topic.split("/").at(-1)} ${String(payload["status"])}`);

  await say("1", story);
  await monitor.find(outcome("say", "1", "executing"));
  await say("2", "222");
  await say("3", "333", { priority: 9 });
  await say("4", "444", {}, 1_500);
  await say("3", "333", { priority: 9 });
  // It has to do with the same microphone and loudspeaker, and does not wait for them.
  await command(monitor, "mute", "5")();
  await monitor.find(outcome("mute", "5", "succeeded"));
  assert.deepEqual(
    ended().filter((each) => each !== "4 failed"), // its time may have passed already
    [],
  );
  const told = await monitor.find(outcome("say", "1", "succeeded"));
  const { spoken_ms } = told.payload["result"] as { readonly spoken_ms: number };
  assert.ok(spoken_ms >= 3_000 && spoken_ms < 4_000, `${spoken_ms} ms`);
  await monitor.find(outcome("say", "2", "succeeded"));
  assert.deepEqual(ended(), ["4 failed", "1 succeeded", "3 succeeded", "2 succeeded"]);
  assert.match(await reasonOf(monitor, "4"), /its time had passed/);
  assert.equal(await played(file), `${story}333222`);

  await say("6", "");
  assert.match(await reasonOf(monitor, "6"), /args: text/);
  service.addFault({ service: "rtts", fault: { kind: "error-on-start", code: "SIS.0411", message: "no such voice" } });
  await say("7", "777");
  assert.match(await reasonOf(monitor, "7"), /no such voice/);
  await writeFile(`${file}.gone`, "");
  await say("8", "888");
  assert.match(await reasonOf(monitor, "8"), /device default is not there/);
  const alarm = await monitor.find(({ topic }) => topic === `${root}/up/alarm/speaker`);
  assert.equal(alarm.payload["status"], "active");
  await rm(`${file}.gone`);
  await say("9", "999");
  await monitor.find(outcome("say", "9", "succeeded"));
  assert.equal(await played(file), `${story}333222999`);
});
