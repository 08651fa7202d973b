import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { startAgentProcess } from "./lab/agent-process.ts";
import { played } from "./lab/played.ts";
import { eventually } from "./lab/processes.ts";

const lab = (name: string) => fileURLToPath(new URL(`lab/${name}`, import.meta.url));

test("prompts: on the start, and of an alarm when the service is away, from the disk", async () => {
  const folder = await mkdtemp(join(tmpdir(), "prompts-"));
  await using _folder = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  const service = await startSimulator({ voice: "dtmf" });
  await using _service = service;
  const stateDir = join(folder, "state");
  await using agent = await startAgentProcess({
    config: `[sis]
endpoint = "${service.url}"
project_id = "p"
[synthesis]
prompt_start = "11"
prompt_alarm = "33"
`,
    stateDir,
    env: {
      PATH: `${lab("fake-player")}:${lab("fake-recorder")}:${process.env["PATH"] ?? ""}`,
      FAKE_RECORDER: "steady",
      FAKE_PLAYER: "keeps-all",
      FAKE_FILE: join(folder, "played"),
    },
  });
  await agent.until("its first words", () => agent.log.includes("a text was spoken"));
  let kept: readonly string[] = [];
  const look = setInterval(
    () =>
      void readdir(join(stateDir, "speech")).then(
        (names) => (kept = names.filter((name) => name.endsWith(".speech"))),
        () => {}, // it is not there yet
      ),
    50,
  );
  await eventually(() => kept.length === 2, "both are kept").finally(() => clearInterval(look));
  await service[Symbol.asyncDispose]();
  const spoken = () => agent.log.split("a text was spoken").length - 1;
  await agent.until("the alarm is told", () => spoken() === 2);
  assert.match(agent.log, /alarm raised/);
  assert.equal(await played(join(folder, "played")), "1133");
});
