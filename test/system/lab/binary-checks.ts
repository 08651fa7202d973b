import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { commit, version } from "../../../src/cli/version.ts";
import { accountNumbers, numberSamples, numberSound, plainNumbers } from "../../../src/simulator/numbers.ts";
import { startSimulator } from "../../../src/simulator/simulator.ts";
import { Folder } from "../../cli/process.ts";
import { withNoise } from "../../simulator/sounds.ts";
import { startAgentProcess } from "./agent-process.ts";
import { type Binary, bareEnvironment } from "./binary.ts";
import { startFace } from "./face.ts";
import { eventually } from "./processes.ts";

// What every packaged program must do, on its own: far from any node_modules, without a home.

const elsewhere = { cwd: "/", env: bareEnvironment };

export function assertTellsVersion({ program: [file, ...args] }: Binary): void {
  const { stdout, stderr, status } = spawnSync(file, [...args, "--version"], { ...elsewhere, encoding: "utf8" });
  assert.equal(stderr, "");
  assert.equal(stdout, `${version} (commit ${commit()}, Node ${process.versions.node})\n`);
  assert.equal(status, 0);
}

export async function assertChecksConfiguration({ program: [file, ...args] }: Binary): Promise<void> {
  await using folder = await Folder.with({
    "good.toml": '[sis]\nendpoint = "ws://127.0.0.1:9"\nproject_id = "p"\n',
    "bad.toml": '[sis]\nendpont = "ws://127.0.0.1:9"\nproject_id = "p"\n',
  });
  const check = (name: string) =>
    spawnSync(file, [...args, "config", "check", "--config", folder.of(name)], { ...elsewhere, encoding: "utf8" });
  const good = check("good.toml");
  assert.deepEqual([good.status, good.stderr, good.stdout], [0, "", `${folder.of("good.toml")}: ok\n`]);
  const bad = check("bad.toml");
  assert.equal(bad.status, 78);
  assert.match(bad.stderr, /bad\.toml:2: .*endpont.*endpoint/);
}

const shape = plainNumbers(16_000);
const fileConfig = (url: string, rest: string) =>
  `[sis]\nendpoint = "${url}"\nproject_id = "p"\n[audio]\nsource = "file"\npath = "{{wav}}"\n${rest}`;

export async function assertStreamsFile({ program }: Binary): Promise<void> {
  const count = 6;
  await using service = await startSimulator();
  await using agent = await startAgentProcess({
    config: fileConfig(service.url, "speed = 2"),
    sound: { samples: numberSound(count, shape), sampleRate: 16_000 },
    program,
    ...elsewhere,
  });
  assert.equal(await agent.exit(60_000), 0, agent.log);
  const account = { sent: count, heard: count, lost: 0, doubled: 0, outOfOrder: 0, other: 0 };
  assert.deepEqual(accountNumbers(count, agent.texts, shape.digits), account, agent.log);
  assert.deepEqual(service.state().violations, {});
}

/** The speech detector is WebAssembly: it decides what is sent. */
export async function assertHearsSpeech({ program }: Binary): Promise<void> {
  const count = 3;
  const sparse = { ...shape, firstAtMs: 3000, everyMs: 6000 };
  const lengthMs = 3000 + count * 6000;
  const samples = withNoise(numberSamples(0, lengthMs * 16, sparse), -65, "room");
  await using service = await startSimulator();
  await using agent = await startAgentProcess({
    config: fileConfig(service.url, 'speed = 2\ngate = "speech"'),
    sound: { samples, sampleRate: 16_000 },
    program,
    ...elsewhere,
  });
  assert.equal(await agent.exit(90_000), 0, agent.log);
  const account = { sent: count, heard: count, lost: 0, doubled: 0, outOfOrder: 0, other: 0 };
  assert.deepEqual(accountNumbers(count, agent.texts, shape.digits), account, agent.log);
  assert.ok(service.state().audio_ms < lengthMs / 2, `${service.state().audio_ms} of ${lengthMs} ms were sent`);
}

/** serialport's addon is machine code: by it the panel shows what the agent does, and the agent does what the key says. */
export async function assertUsesPanel({ program }: Binary): Promise<void> {
  await using service = await startSimulator();
  await using front = await startFace();
  await using agent = await startAgentProcess({
    config: fileConfig(service.url, `loop = true\n[panel]\nport = "${front.port}"`),
    stateDir: front.stateDir,
    sound: { samples: numberSound(6, shape), sampleRate: 16_000 },
    program,
    ...elsewhere,
  });
  await eventually(() => front.panel.face.phase === "s", "streaming is shown", 60_000);
  front.panel.move("mute");
  front.panel.move("mute");
  await eventually(() => front.panel.face.phase === "m", "muted is shown", 20_000);
  agent.child.kill("SIGTERM");
  assert.equal(await agent.exit(20_000), 0, agent.log);
}
