import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { startAgentProcess } from "./lab/agent-process.ts";
import { startFace } from "./lab/face.ts";
import { eventually, missing, processesWith } from "./lab/processes.ts";

const fakeRecorder = fileURLToPath(new URL("lab/fake-recorder", import.meta.url));

function agentWith(url: string, port: string, stateDir: string, mark: string, gate = "always") {
  return startAgentProcess({
    config: `[sis]\nendpoint = "${url}"\nproject_id = "p"\n[audio]\ngate = "${gate}"\n[panel]\nport = "${port}"\n`,
    stateDir,
    env: { PATH: `${fakeRecorder}:${process.env["PATH"] ?? ""}`, FAKE_RECORDER: "steady", PANEL_TEST: mark },
  });
}

const recorders = (mark: string, agent: number | undefined) =>
  processesWith(`PANEL_TEST=${mark}`).filter((pid) => pid !== agent);

describe("the front panel of a running agent", { skip: missing("socat"), concurrency: 2 }, () => {
  test("its mute key stops the recorder itself, over a restart too, until it is pressed again", async () => {
    await using service = await startSimulator({});
    await using face = await startFace();
    const { panel, port, stateDir } = face;
    const mark = `mute-${process.pid}`;
    const press = () => {
      panel.move("mute");
      panel.move("mute");
    };
    {
      await using agent = await agentWith(service.url, port, stateDir, mark);
      await eventually(() => panel.face.phase === "s", "streaming is shown", 20_000);
      assert.notEqual(recorders(mark, agent.child.pid).length, 0, "it records");
      press();
      await eventually(() => panel.face.phase === "m" && panel.face.text === "muted", "muted is shown");
      await eventually(() => recorders(mark, agent.child.pid).length === 0, "nothing records");
      await eventually(() => existsSync(join(stateDir, "muted")), "it is kept");
      agent.child.kill("SIGTERM");
      assert.equal(await agent.exit(10_000), 0, agent.log);
      await eventually(() => panel.face.phase !== "m", "the panel is told that it ends");
    }
    await using agent = await agentWith(service.url, port, stateDir, mark);
    await eventually(() => panel.face.phase === "m", "muted from the start", 20_000);
    assert.equal(recorders(mark, agent.child.pid).length, 0);
    await agent.until("it says so", () => agent.log.includes("the microphone is muted since"));
    const heardMs = service.state().audio_ms;
    press();
    await eventually(() => panel.face.phase === "s", "streaming again", 20_000);
    await eventually(() => service.state().audio_ms > heardMs, "sound is sent again");
    await eventually(() => !existsSync(join(stateDir, "muted")), "it is forgotten");
    agent.child.kill("SIGTERM");
    assert.equal(await agent.exit(10_000), 0, agent.log);
    assert.doesNotMatch(agent.log, /audio-gap|is lost/);
  });

  test("its talk key opens the gate", async () => {
    await using service = await startSimulator({});
    await using face = await startFace();
    await using agent = await agentWith(service.url, face.port, face.stateDir, `talk-${process.pid}`, "button");
    await eventually(() => face.panel.face.phase !== "?", "the panel is in use", 20_000);
    await agent.until("sound flows", () => agent.log.includes("sound flows"));
    assert.equal(service.state().connections.attempts, 0, "nobody talks");
    face.panel.move("talk");
    await eventually(() => service.state().audio_ms > 500, "sound is sent");
    face.panel.move("talk");
    await agent.until("the key goes up", () => agent.log.includes("talk-end"));
    agent.child.kill("SIGTERM");
    assert.equal(await agent.exit(10_000), 0, agent.log);
    assert.ok(service.state().audio_ms < 15_000);
  });
});
