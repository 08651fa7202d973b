import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { numberSound, numberWord, plainNumbers } from "../../src/simulator/numbers.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { startAgentProcess } from "./lab/agent-process.ts";
import { command, outcome, root, state } from "./lab/fleet-command.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { type Monitor, type Seen, startMonitor } from "./lab/mqtt-monitor.ts";
import { played } from "./lab/played.ts";
import { eventually, processesWith } from "./lab/processes.ts";

const skip = mosquittoMissing;
const shape = plainNumbers(16_000);
const lab = (name: string) => fileURLToPath(new URL(`lab/${name}`, import.meta.url));

/** A device with a microphone that hears numbers being counted, from 1 whenever it is opened. */
async function startKiosk() {
  await using unfinished = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "fleet-microphone-"));
  unfinished.defer(() => rm(folder, { recursive: true }));
  const sound = join(folder, "numbers.raw");
  await writeFile(sound, new Uint8Array(numberSound(100, shape).buffer));
  const heard = join(folder, "played");
  const stateDir = join(folder, "state");
  const broker = unfinished.use(await startMosquitto());
  const monitor = unfinished.use(await startMonitor(broker.url));
  const service = unfinished.use(await startSimulator({ voice: "dtmf" }));
  const mark = `FLEET_MICROPHONE=${folder}`;
  const scope = unfinished.move();
  let ids = 0;
  return {
    monitor,
    service,
    stateDir,
    /** What it has said. */
    played: () => played(heard),
    startAgent: (more = "") =>
      startAgentProcess({
        config: `[sis]\nendpoint = "${service.url}"\nproject_id = "p"\n[mqtt]\nurl = "${broker.url}"\n${more}`,
        stateDir,
        env: {
          PATH: `${lab("fake-player")}:${lab("fake-recorder")}:${process.env["PATH"] ?? ""}`,
          FAKE_RECORDER: "plays-on",
          FAKE_SOUND: sound,
          FAKE_PLAYER: "keeps-all",
          FAKE_FILE: heard,
          FLEET_MICROPHONE: folder,
        },
      }),
    /** Whether anything records. */
    records: (agent: number | undefined) => processesWith(mark).some((pid) => pid !== agent),
    /** Tells the device to do something, and waits until it has. */
    tell: async (name: string): Promise<void> => {
      ids += 1;
      await command(monitor, name, `${ids}`)();
      await monitor.find(outcome(name, `${ids}`, "succeeded"));
    },
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  };
}

/** The state that was told last. */
const latest = (monitor: Monitor) => monitor.seen.findLast(({ topic }) => topic === `${root}/up/state`)?.payload;

/** Numbers from 1 on, none missing; the last one may have been cut. */
function assertCounted(texts: readonly string[], atLeast: number): void {
  const whole = texts.filter((text) => text.length === shape.digits);
  assert.deepEqual(
    whole,
    whole.map((_, n) => numberWord(n + 1, shape).text),
  );
  assert.ok(whole.length >= atLeast && texts.length - whole.length <= 1, texts.join());
}

test("stop: what was heard before is still recognised, nothing is captured, over a restart too; start: it listens again", {
  skip,
}, async () => {
  await using kiosk = await startKiosk();
  const { monitor, service, tell, records } = kiosk;
  {
    await using agent = await kiosk.startAgent();
    await agent.until("two numbers", () => agent.texts.length >= 2);
    // The service is away when it is stopped: what was captured is owed.
    service.addFault({ fault: { kind: "refuse-connections", for_ms: 4_000 } });
    service.addFault({ fault: { kind: "reset" } });
    const heard = agent.texts.length;
    await agent.until("the connection is lost", () => agent.log.includes("LOST"));
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // sound for one more number, however slow the recorder is
    await tell("stop");
    assert.deepEqual([latest(monitor)?.["phase"], latest(monitor)?.["online"]], ["muted", true]);
    assert.match(String(latest(monitor)?.["reason"]), /stopped by the fleet/);
    await eventually(() => !records(agent.child.pid), "nothing records");
    await agent.until("what was owed is recognised", () => agent.texts.length > heard);
    const isOver = () =>
      service.state().connections.open === 0 && service.state().sessions.last.at(-1)?.ended === "NORMAL";
    await eventually(isOver, "nothing is asked of the service");
    await agent.until("three numbers", () => agent.texts.length >= 3);
    assertCounted(agent.texts, 3);
    const told = monitor.seen.length;
    await tell("report");
    const { ledger } = (await monitor.find(({ topic }) => topic.endsWith("/up/metrics"), told)).payload as {
      readonly ledger: Readonly<Record<string, number>>;
    };
    const { pending_ms, lost_ms, missed_ms } = ledger;
    assert.deepEqual({ pending_ms, lost_ms, missed_ms }, { pending_ms: 0, lost_ms: 0, missed_ms: 0 });
    agent.child.kill("SIGTERM");
    assert.equal(await agent.exit(10_000), 0, agent.log);
  }
  await monitor.find(state("offline"));
  const before = monitor.seen.length;
  const attempts = service.state().connections.attempts;
  await using agent = await kiosk.startAgent();
  await monitor.find(state("muted"), before);
  assert.match(String(latest(monitor)?.["reason"]), /stopped by the fleet/);
  await agent.until("it says so", () => agent.log.includes("the fleet has stopped this device before its start"));
  assert.equal(records(agent.child.pid), false);
  await tell("start");
  await agent.until("it hears numbers again", () => agent.texts.length >= 1);
  await monitor.find(state("streaming"), before);
  assert.equal(latest(monitor)?.["phase"], "streaming");
  assertCounted(agent.texts, 1);
  assert.equal(service.state().connections.attempts, attempts + 1);
  // Nobody wanted to hear what was said meanwhile: it is not missing.
  const lost = monitor.seen.filter(({ topic }) => /audio-gap|alarm\/(audio-loss|capture)/.test(topic));
  assert.deepEqual(lost, []);
});

test("mute and unmute, each said, and a start that is none while somebody has muted it", { skip }, async () => {
  await using kiosk = await startKiosk();
  const { monitor, service, tell, records } = kiosk;
  await using agent = await kiosk.startAgent('[synthesis]\nprompt_mute = "11"\nprompt_unmute = "22"\ntail_ms = 0\n');
  await agent.until("a number", () => agent.texts.length >= 1);
  await tell("mute");
  assert.equal(latest(monitor)?.["phase"], "muted");
  await eventually(() => !records(agent.child.pid), "nothing records");
  await eventually(() => service.state().connections.open === 0, "nothing is asked of the service");
  assertCounted(agent.texts, 1);
  await tell("stop");
  await tell("start");
  assert.equal(latest(monitor)?.["reason"], "the microphone is muted");
  assert.equal(records(agent.child.pid), false);
  const heard = agent.texts.length;
  const told = monitor.seen.length;
  await tell("unmute");
  await agent.until("it hears numbers again", () => agent.texts.length > heard);
  await monitor.find(state("streaming"), told);
  assert.equal(latest(monitor)?.["phase"], "streaming");
  await agent.until("both were said", () => agent.log.split("a text was spoken").length === 3);
  assert.equal(await kiosk.played(), "1122");
});

test("a stop that the disk does not take is in effect, and the alarm disk says what a restart would forget", {
  skip,
}, async () => {
  await using kiosk = await startKiosk();
  const { monitor, records } = kiosk;
  await using agent = await kiosk.startAgent();
  await monitor.find(state("streaming"));
  await mkdir(join(kiosk.stateDir, "stopped.new"));
  await kiosk.tell("stop");
  const answer = monitor.seen.findLast(({ topic }) => topic.includes("/up/command/stop/"))?.payload;
  assert.deepEqual(answer?.["result"], { kept: false });
  await eventually(() => !records(agent.child.pid), "nothing records");
  const alarm = ({ topic, payload }: Seen) => topic.endsWith("/up/alarm/disk") && payload["status"] === "active";
  const { payload } = await monitor.find(alarm);
  assert.match(
    String(payload["message"]),
    /^the disk does not take whether the device is stopped, and a restart may not know it: /,
  );
});
