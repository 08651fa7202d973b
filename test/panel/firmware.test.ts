import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { plugIn } from "../../scripts/panel-simulator/port.ts";
import { systemClock } from "../../src/base/clock.ts";
import { startPanel } from "../../src/panel/panel.ts";
import { eventually, missing } from "../system/lab/processes.ts";

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const silent = { debug() {}, info() {}, warn() {}, error() {} };

test("the reference firmware, compiled for this computer, and the agent understand each other", {
  skip: missing("cc", "socat"),
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "firmware-"));
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rm(folder, { recursive: true }));
  const program = join(folder, "panel");
  const sources = [file("../../device/panel/panel.c"), file("host-board.c")];
  execFileSync("cc", ["-std=c99", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Werror", "-o", program, ...sources]);
  const port = join(folder, "port");
  const end = cleanUp.use(await plugIn(port));
  const board = spawn(program, [], { stdio: ["pipe", "pipe", "pipe"] });
  const gone = once(board, "exit");
  cleanUp.defer(async () => {
    board.kill("SIGKILL");
    await gone;
  });
  let shown = "";
  board.stderr.on("data", (chunk) => {
    shown += String(chunk);
  });
  board.stdout.on("data", (bytes: Uint8Array) => end.send(bytes));
  end.onBytes((bytes) => void board.stdin.write(bytes));

  const commands: string[] = [];
  let muted = false;
  const panel = startPanel({
    port,
    baudRate: 115_200,
    clock: systemClock,
    random: () => 0.1,
    logger: silent,
    muted: () => muted,
    command(command) {
      commands.push(command);
      if (command === "mute" || command === "unmute") muted = command === "mute";
    },
    onFault() {},
  });
  cleanUp.defer(() => panel.stop());
  await eventually(() => shown.includes("lamps i 0 0\n") && shown.includes("text starting\n"), "it shows something");
  panel.level(-12);
  await eventually(() => shown.includes("lamps i 0 8\n"), "the level");
  for (const [signal, command] of [
    ["SIGUSR1", "talk"],
    ["SIGUSR1", "talk-end"],
    ["SIGUSR2", "mute"],
  ] as const) {
    board.kill(signal);
    await eventually(() => commands.at(-1) === command, command);
  }
  board.kill("SIGUSR2");
  await panel.stop();
  await eventually(() => shown.includes("lamps x 0 8\n"), "the goodbye");
  await eventually(() => shown.endsWith("lamps ? 0 0\ntext \n"), "the agent is missed");
  assert.deepEqual(commands, ["talk", "talk-end", "mute"]);
});
