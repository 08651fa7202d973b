import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { plugIn } from "../../../scripts/panel-simulator/port.ts";
import { SimulatedPanel } from "../../../scripts/panel-simulator/simulated-panel.ts";

/** A panel at a port of its own, and a place for the agent's state. */
export async function startFace() {
  const folder = await mkdtemp(join(tmpdir(), "panel-system-"));
  const port = join(folder, "port");
  const end = await plugIn(port);
  const panel = new SimulatedPanel((bytes) => end.send(bytes));
  end.onBytes((bytes) => panel.hear(bytes));
  return {
    panel,
    port,
    stateDir: join(folder, "state"),
    async [Symbol.asyncDispose]() {
      panel[Symbol.dispose]();
      await end[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
