import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { startAgent } from "../../src/agent.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { noRemoteConfig, remoteConfigText } from "../../src/fleet/remote-config-file.ts";
import { Folder } from "../cli/process.ts";
import { command, outcome } from "./lab/fleet-command.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { startMonitor } from "./lab/mqtt-monitor.ts";

const quiet = () => {};
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** An agent that has its own level, and had another of its fleet; nothing answers where its service should be. */
async function start(brokerUrl: string, fixed: boolean) {
  const folder = await Folder.with({});
  const stateDir = folder.of("state");
  mkdirSync(stateDir);
  const kept = { ...noRemoteConfig, settings: { log_level: "error" }, status: "applied" } as const;
  writeFileSync(folder.of("state/remote-config.json"), remoteConfigText(kept));
  writeFileSync(
    folder.of("agent.toml"),
    `device_id = "kiosk"\nlog_level = "debug"\nstate_dir = ${JSON.stringify(stateDir)}\n[sis]\nendpoint = "ws://127.0.0.1:9"\nproject_id = "p"\n` +
      `[mqtt]\nurl = ${JSON.stringify(brokerUrl)}\n`,
  );
  const { settings, secrets } = await loadConfiguration(folder.of("agent.toml"), {});
  const levels: string[] = [];
  const logLevel = { set: (level: string) => void levels.push(level), fixed };
  const agent = startAgent({ settings, secrets, version: "0", build: "", logger, logLevel, onReport: quiet });
  return {
    levels,
    async [Symbol.asyncDispose]() {
      await agent.stop("test over");
      await folder[Symbol.asyncDispose]();
    },
  };
}

for (const fixed of [false, true]) {
  const whose = fixed ? "the command line's" : "the settings'";
  test(`the log's level is ${whose}, or the fleet's command's`, { skip: mosquittoMissing }, async () => {
    await using broker = await startMosquitto();
    await using monitor = await startMonitor(broker.url);
    await using agent = await start(broker.url, fixed);
    let asked = 0;
    const desire = async (settings: object) => {
      asked += 1;
      const ts = `2026-01-01T00:00:0${asked}.000Z`;
      await monitor.publish("sis/v1/default/kiosk/dn/config", { v: 1, ts, settings }, { retain: true });
      await monitor.find(({ payload }) => payload["desired"] === ts && payload["status"] !== "trying");
    };
    await desire({ log_level: "debug" });
    await command(monitor, "log-level", "1", { level: "warn" }, 60_000, "sis/v1/default/kiosk")();
    await monitor.find(outcome("log-level", "1", "succeeded"));
    // Back to the device's own, which is the same: what the command set stays.
    await desire({});
    assert.equal(agent.levels.at(-1), "warn");
    await desire({ log_level: "error" });
    assert.deepEqual(agent.levels, fixed ? ["warn"] : ["error", "debug", "warn", "error"]);
  });
}
