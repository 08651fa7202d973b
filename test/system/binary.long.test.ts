import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { arches, hostArch } from "../../scripts/build/arch.ts";
import { root } from "../../scripts/build/binary.ts";
import { commit } from "../../src/cli/version.ts";
import { accountNumbers, numberSound, plainNumbers } from "../../src/simulator/numbers.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { Folder } from "../cli/process.ts";
import { startAgentProcess } from "./lab/agent-process.ts";
import { type Binary, bareEnvironment, builtBinary, missingFor } from "./lab/binary.ts";
import {
  assertChecksConfiguration,
  assertHearsSpeech,
  assertStreamsFile,
  assertTellsVersion,
  assertUsesPanel,
} from "./lab/binary-checks.ts";
import { missing } from "./lab/processes.ts";
import { missingForPulse, startPulse } from "./lab/pulse.ts";

const timeout = 180_000;
const sha256 = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

for (const arch of arches) {
  describe(`the packaged program for ${arch}`, { skip: missingFor(arch) }, () => {
    let binary: Binary;
    before(
      async () => {
        binary = await builtBinary(arch);
      },
      { timeout },
    );
    after(() => binary[Symbol.asyncDispose]());

    test("tells its version, commit and Node", () => assertTellsVersion(binary));
    test("checks a configuration", { timeout }, () => assertChecksConfiguration(binary));
    test("streams a file", { timeout }, () => assertStreamsFile(binary));
    test("sends speech alone, where it is told to", { timeout }, () => assertHearsSpeech(binary));
    test("shows and hears by a front panel", { skip: missing("socat"), timeout }, () => assertUsesPanel(binary));

    test("has the same bytes when it is built again, in another place", { timeout }, async () => {
      await using folder = await Folder.with({});
      const tree = folder.of("tree");
      mkdirSync(tree);
      for (const name of ["src", "scripts", "package.json", "package-lock.json", "tsconfig.json", ".cache"])
        cpSync(join(root, name), join(tree, name), { recursive: true });
      // Links where it can be, on the same disk: there are ten thousand files.
      const [from, to] = [join(root, "node_modules"), join(tree, "node_modules")];
      if (spawnSync("cp", ["-al", from, to]).status !== 0)
        cpSync(from, to, { recursive: true, verbatimSymlinks: true });
      writeFileSync(join(tree, "scripts/build/again.ts"), again(arch, folder.path));
      const { stdout, stderr } = spawnSync(process.execPath, ["scripts/build/again.ts"], {
        cwd: tree,
        encoding: "utf8",
      });
      assert.equal(sha256(stdout.trim()), sha256(binary.file), stderr);
    });
  });
}

function again(arch: string, out: string): string {
  return `
    import { buildBinary } from "./binary.ts";
    console.log(await buildBinary({ ...${JSON.stringify({ arch, out, commit: commit() })}, say() {} }));`;
}

describe("the packaged program", { skip: missingFor(hostArch()) || missingForPulse("arecord") }, () => {
  let binary: Binary;
  before(
    async () => {
      binary = await builtBinary(hostArch());
    },
    { timeout },
  );
  after(() => binary[Symbol.asyncDispose]());

  test("hears a microphone", { timeout }, async () => {
    const shape = plainNumbers(16_000);
    await using room = await startPulse();
    await using service = await startSimulator();
    await using agent = await startAgentProcess({
      config: `[sis]\nendpoint = "${service.url}"\nproject_id = "p"\n[audio]\ndevice = "${room.device}"`,
      env: room.env,
      program: binary.program,
      cwd: "/",
    });
    await agent.until("sound flows", () => agent.log.includes("sound flows"));
    await room.play(numberSound(4, shape));
    await agent.until("four words", () => agent.texts.length >= 4);
    const account = { sent: 4, heard: 4, lost: 0, doubled: 0, outOfOrder: 0, other: 0 };
    assert.deepEqual(accountNumbers(4, agent.texts, shape.digits), account, agent.log);
    agent.child.kill("SIGTERM");
    assert.equal(await agent.exit(15_000), 0);
  });

  test("shows the demo", { timeout }, () => {
    const { stdout, stderr, status } = spawnSync(binary.file, ["demo", "--json", "--seconds", "12"], {
      cwd: "/",
      env: { ...bareEnvironment },
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    const summary: unknown = JSON.parse(stdout);
    assert.ok(typeof summary === "object" && summary !== null && "words" in summary);
    assert.deepEqual(summary.words, { sent: 8, heard: 8, lost: 0, doubled: 0 });
  });
});
