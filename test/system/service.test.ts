import assert from "node:assert/strict";
import { chmod, readFile } from "node:fs/promises";
import { test } from "node:test";
import { numberSound, plainNumbers } from "../../src/simulator/numbers.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { Folder } from "../cli/process.ts";
import { startAgentProcess } from "./lab/agent-process.ts";

/** A systemd that notes what it is told, a line each time. */
async function listeningSystemd() {
  const folder = await Folder.with({
    "systemd-notify": '#!/bin/sh\nprintf "%s|" "$@" >>"$TOLD"\necho >>"$TOLD"\n',
    told: "",
  });
  await chmod(folder.of("systemd-notify"), 0o755);
  return {
    env: {
      PATH: `${folder.path}:${process.env["PATH"]}`,
      TOLD: folder.of("told"),
      NOTIFY_SOCKET: "/run/nowhere",
      WATCHDOG_USEC: "3000000",
    },
    told: () => readFile(folder.of("told"), "utf8"),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Looks until systemd has been told. */
async function until(told: () => Promise<string>, pattern: RegExp): Promise<void> {
  const deadline = AbortSignal.timeout(60_000);
  while (!pattern.test(await told())) {
    if (deadline.aborted) throw new Error(`systemd was not told ${pattern}: ${await told()}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

test("systemd is told the start, what is wrong, that all is well again, a reload, and the stop", async () => {
  await using systemd = await listeningSystemd();
  const { told } = systemd;
  await using service = await startSimulator();
  await using agent = await startAgentProcess({
    config: `[sis]\nendpoint = "${service.url}"\nproject_id = "p"\n[audio]\nsource = "file"\npath = "{{wav}}"\nloop = true`,
    sound: { samples: numberSound(20, plainNumbers(16_000)), sampleRate: 16_000 },
    env: systemd.env,
  });
  await until(told, /READY=1\|/);
  assert.match(await told(), /^(?:WATCHDOG=1\|)?STATUS=starting\|/);
  assert.match(await told(), /STATUS=streaming\|/);
  // Several waits: what lasts for less than a quarter of a second is not told.
  service.addFault({ fault: { kind: "refuse", status: 503, code: "SIS.0303", times: 3 } });
  service.addFault({ fault: { kind: "fatal", code: "SIS.0100" } });
  await until(told, /STATUS=backing-off: [^|]+\|/);
  await until(told, /STATUS=backing-off[^]*STATUS=streaming[^]*WATCHDOG=1/);
  agent.child.kill("SIGHUP");
  await until(told, /RELOADING=1\|[^]*READY=1/);
  agent.child.kill("SIGTERM");
  assert.equal(await agent.exit(15_000), 0, agent.log);
  // It does not wait until systemd has noted its last words; how much is still to be sent may be said again.
  await until(told, /\n(?=.*STATUS=stopping).*STOPPING=1\|.*\n(?:STATUS=stopping.*\n)*$/);
  assert.equal((await told()).split("READY=1|").length - 1, 2, "ready once, and once after the reload");
});
