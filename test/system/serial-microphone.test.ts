import assert from "node:assert/strict";
import { test } from "node:test";
import { plugIn } from "../../scripts/panel-simulator/port.ts";
import { encodeFrame } from "../../src/audio/deframer.ts";
import { numberSamples, plainNumbers } from "../../src/simulator/numbers.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { Folder } from "../cli/process.ts";
import { startAgentProcess } from "./lab/agent-process.ts";
import { missing } from "./lab/processes.ts";

const sampleRate = 16_000;
const frameMs = 50;
const frameLength = (sampleRate * frameMs) / 1000;

test("a serial microphone, on a noisy wire and unplugged in between, is recognised", {
  skip: missing("socat"),
}, async () => {
  await using service = await startSimulator({});
  await using place = await Folder.with({});
  const path = place.of("port");
  await using agent = await startAgentProcess({
    config: `[sis]\nendpoint = "${service.url}"\nproject_id = "p"\n[audio]\nsource = "serial"\npath = "${path}"\n`,
  });
  await agent.until("the port is missed", () => agent.log.includes("serial-missing"));
  const shape = plainNumbers(sampleRate);
  let number = 0;
  let said = 0;
  for (const [times, wanted] of ["0002", "0004"].entries()) {
    await using end = await plugIn(path);
    const speaking = setInterval(() => {
      // Whoever speaks before the port is open is not heard: silence until then.
      const hears = agent.log.split("sound flows").length - 1 > times;
      const samples = hears ? numberSamples(said * frameLength, frameLength, shape) : new Int16Array(frameLength);
      if (hears) said += 1;
      end.send(Buffer.concat([Buffer.from([0xa5, 0x5a, number % 256]), encodeFrame({ sampleRate, number, samples })]));
      number += 1;
    }, frameMs);
    try {
      await agent.until(wanted, () => agent.texts.includes(wanted), 30_000);
    } finally {
      clearInterval(speaking);
    }
  }
  // The number in which it was plugged in again may lack its beginning.
  const { texts } = agent;
  assert.deepEqual([...texts.slice(0, 2), texts.at(-1)], ["0001", "0002", "0004"]);
  assert.deepEqual(service.state().violations, {});
  agent.child.kill("SIGTERM");
  assert.equal(await agent.exit(10_000), 0, agent.log);
});
