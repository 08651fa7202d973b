import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type PortEnd, plugIn } from "../../scripts/panel-simulator/port.ts";
import { SimulatedPanel } from "../../scripts/panel-simulator/simulated-panel.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { FaultCode } from "../../src/base/fault.ts";
import type { FleetMessage } from "../../src/fleet/fleet.ts";
import { encodeLine } from "../../src/panel/lines.ts";
import { startPanel } from "../../src/panel/panel.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { eventually, missing } from "../system/lab/processes.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

function state(phase: "listening" | "streaming" | "muted"): FleetMessage {
  const ts = "2026-01-01T00:00:00.000Z";
  return {
    topic: "up/state",
    payload: { v: 1, ts, online: true, phase, boot: "b", session: "s", since: ts, reason: "" },
  };
}

/** The agent's side of a panel, at a port where one may be plugged in. */
async function startDesk() {
  const folder = await mkdtemp(join(tmpdir(), "panel-"));
  const port = join(folder, "port");
  const commands: string[] = [];
  const faults: (FaultCode | null)[] = [];
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
    onFault: (fault) => void faults.push(fault?.code ?? null),
  });
  return {
    port,
    panel,
    commands,
    faults,
    async [Symbol.asyncDispose]() {
      await panel.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** A simulated panel that is plugged in. */
async function plugPanel(port: string, through: (end: PortEnd, bytes: Uint8Array) => void = (end, b) => end.send(b)) {
  const end = await plugIn(port);
  const panel = new SimulatedPanel((bytes) => through(end, bytes));
  end.onBytes((bytes) => panel.hear(bytes));
  return {
    panel,
    end,
    async [Symbol.asyncDispose]() {
      panel[Symbol.dispose]();
      await end[Symbol.asyncDispose]();
    },
  };
}

test("what a panel is told after its stop is not shown, and keeps no timer", async () => {
  const clock = new ManualClock();
  const panel = startPanel({
    port: "/nowhere/port",
    baudRate: 115_200,
    clock,
    random: () => 0.1,
    logger: silent,
    muted: () => false,
    command() {},
    onFault() {},
  });
  const stopped = panel.stop();
  panel.tell(state("listening"));
  await stopped;
  panel.tell(state("muted"));
  assert.equal(clock.pending, 0);
});

describe("a front panel", { skip: missing("socat"), concurrency: 4 }, () => {
  test("shows what the device does, and its keys are heard", async () => {
    await using desk = await startDesk();
    await using plugged = await plugPanel(desk.port);
    desk.panel.tell(state("listening"));
    await eventually(() => plugged.panel.face.phase === "l" && plugged.panel.face.text === "listening", "listening");
    desk.panel.tell(state("streaming"));
    desk.panel.level(-30);
    await eventually(() => plugged.panel.face.phase === "s" && plugged.panel.face.level === 5, "streaming at −30 dB");
    for (const key of ["talk", "talk", "mute", "mute", "mute", "mute"] as const) plugged.panel.move(key);
    await eventually(() => desk.commands.length >= 4, "four commands");
    assert.deepEqual(desk.commands, ["talk", "talk-end", "mute", "unmute"]);
    assert.equal(desk.faults.at(-1), null);
  });

  test("a line that is lost on the way is made up for by the heartbeat", async () => {
    await using desk = await startDesk();
    await using plugged = await plugPanel(desk.port);
    await eventually(() => plugged.panel.face.phase === "i", "the panel is in use");
    plugged.panel.move("mute", true);
    plugged.panel.move("mute", true);
    await eventually(() => desk.commands.includes("mute"), "muted all the same");
    assert.deepEqual(desk.commands, ["mute"]);
  });

  test("says hello again because it was asked: the press before that, whose lines were lost, counts", async () => {
    await using desk = await startDesk();
    await using plugged = await plugPanel(desk.port);
    await eventually(() => plugged.panel.face.phase === "i", "the panel is in use");
    plugged.panel.move("talk");
    plugged.panel.move("mute", true);
    plugged.panel.move("mute", true);
    plugged.panel.hear(encodeLine("H 1"));
    await eventually(() => desk.commands.includes("mute"), "muted all the same");
    assert.deepEqual(desk.commands, ["talk", "mute"], "and who talks is not interrupted");
  });

  test("pulled out while someone talks, it lets go of the key; plugged in, it shows everything again", async () => {
    await using desk = await startDesk();
    await eventually(() => desk.faults.includes("serial-missing"), "its absence is told");
    {
      await using plugged = await plugPanel(desk.port);
      await eventually(() => plugged.panel.face.phase === "i", "the panel is in use");
      plugged.panel.move("talk");
      await eventually(() => desk.commands.includes("talk"), "talk");
      desk.panel.tell(state("muted"));
    }
    await eventually(() => desk.commands.includes("talk-end"), "let go of");
    await using plugged = await plugPanel(desk.port);
    const { panel } = plugged;
    await eventually(() => panel.face.phase === "m" && panel.face.text === "muted", "muted is shown");
    assert.equal(desk.faults.at(-1), null);
  });

  test("works through a noisy wire", async () => {
    await using desk = await startDesk();
    let sent = 0;
    await using plugged = await plugPanel(desk.port, (end, bytes) => {
      sent += 1;
      // Noise before each line; each third line is damaged.
      const damaged = Uint8Array.from(bytes);
      if (sent % 3 === 0) damaged[3] = (damaged[3] ?? 0) ^ 0x10;
      end.send(Buffer.from([0, 0x24, 0xff, 0x2a, 0x0a, 0x80]));
      end.send(damaged);
    });
    await eventually(() => plugged.panel.face.phase === "i", "the panel is in use");
    for (let n = 0; n < 6; n += 1) plugged.panel.move("talk");
    plugged.panel.move("mute");
    plugged.panel.move("mute");
    await eventually(() => desk.commands.includes("mute"), "muted");
    assert.equal(desk.commands.filter((command) => command === "mute").length, 1);
  });

  test("what does not speak as a panel does is told, and goes on being asked", async () => {
    await using desk = await startDesk();
    await using end = await plugIn(desk.port);
    const chatter = setInterval(() => end.send(Buffer.from("AT\r\nOK\r\n$GPGGA,1*00\n")), 50);
    try {
      await eventually(() => desk.faults.includes("serial-silent"), "told");
    } finally {
      clearInterval(chatter);
    }
    const panel = new SimulatedPanel((bytes) => end.send(bytes));
    end.onBytes((bytes) => panel.hear(bytes));
    try {
      await eventually(() => panel.face.phase === "i", "a panel in its place is used");
    } finally {
      panel[Symbol.dispose]();
    }
    assert.equal(desk.faults.at(-1), null);
  });
});
