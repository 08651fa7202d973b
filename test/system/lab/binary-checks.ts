import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { commit, version } from "../../../src/cli/version.ts";
import { accountNumbers, numberSound, plainNumbers } from "../../../src/simulator/numbers.ts";
import { startSimulator } from "../../../src/simulator/simulator.ts";
import { Folder } from "../../cli/process.ts";
import { startAgentProcess } from "./agent-process.ts";
import { type Binary, bareEnvironment } from "./binary.ts";

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

export async function assertStreamsFile({ program }: Binary): Promise<void> {
  const shape = plainNumbers(16_000);
  const count = 6;
  await using service = await startSimulator();
  await using agent = await startAgentProcess({
    config: `[sis]\nendpoint = "${service.url}"\nproject_id = "p"\n[audio]\nsource = "file"\npath = "{{wav}}"\nspeed = 2`,
    sound: { samples: numberSound(count, shape), sampleRate: 16_000 },
    program,
    ...elsewhere,
  });
  assert.equal(await agent.exit(60_000), 0, agent.log);
  const account = { sent: count, heard: count, lost: 0, doubled: 0, outOfOrder: 0, other: 0 };
  assert.deepEqual(accountNumbers(count, agent.texts, shape.digits), account, agent.log);
  assert.deepEqual(service.state().violations, {});
}
