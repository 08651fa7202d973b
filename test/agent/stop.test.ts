import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfiguration } from "../../src/config/load.ts";
import type { FleetMessage } from "../../src/fleet/fleet.ts";
import { eventually } from "../system/lab/processes.ts";
import { letPanelGo } from "./lab/stuck-panel.ts";

// The agent's panel is one whose port does not close.
registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== "./agent/panel.ts") return next(specifier, context);
    return { url: new URL("lab/stuck-panel.ts", import.meta.url).href, shortCircuit: true };
  },
});
const { startAgent } = await import("../../src/agent.ts");

test("a panel whose port hangs does not keep the agent from its goodbye to the fleet", async () => {
  const folder = mkdtempSync(join(tmpdir(), "stop-"));
  const file = join(folder, "config.toml");
  writeFileSync(
    file,
    `state_dir = "${folder}"
[sis]
endpoint = "ws://127.0.0.1:9"
project_id = "p"
[sis.auth]
method = "token"
token_file = "${join(folder, "token")}"
[audio]
source = "serial"
path = "${join(folder, "nowhere")}"
[buffer]
disk = "off"
`,
  );
  writeFileSync(join(folder, "token"), "token");
  const { settings, secrets } = await loadConfiguration(file, {});
  const messages: FleetMessage[] = [];
  const agent = startAgent({
    settings,
    secrets,
    version: "1",
    build: "test",
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    onReport() {},
    onMessage: (message) => void messages.push(message),
  });
  const stopped = agent.stop("test over");
  await eventually(
    () => messages.some(({ payload }) => "online" in payload && !payload.online),
    "the goodbye",
    10_000,
  ).finally(letPanelGo);
  await stopped;
  rmSync(folder, { recursive: true });
});
