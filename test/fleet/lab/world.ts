import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { LogFields } from "../../../src/base/logger.ts";
import { seededRandom } from "../../../src/base/random.ts";
import type { Fleet } from "../../../src/fleet/fleet.ts";
import { loadRemoteConfig } from "../../../src/fleet/remote-config-file.ts";
import { ManualClock } from "../../lab/manual-clock.ts";
import { deviceInfo, idle } from "../samples.ts";
import { type Json, PlayedBroker } from "./played-broker.ts";
import { type Disk, disks } from "./stand-in-disk.ts";
import { brokers, type StandInLine } from "./stand-in-line.ts";
import { standIn } from "./stand-ins.ts";

// A device's fleet room and its broker, over the lives of the agent.

standIn();
const { startFleet } = await import("../../../src/fleet/fleet.ts");
await import("../../../src/fleet/broker.ts");

export const up = "sis/v1/lab/kiosk/up/";

/** One run of the agent. */
interface Life {
  readonly number: number;
  readonly clock: ManualClock;
  readonly disk: Disk;
  readonly fleet: Fleet;
}

/** An event or an answer, when it was decided. */
export interface Decided {
  readonly key: string;
  readonly payload: Json;
  readonly life: number;
  readonly line: StandInLine | null;
  readonly atMs: number;
}

/** What names an event, or one of a command's answers. */
export function keyOf(topic: string, payload: Json): string | null {
  const { boot, seq, status, ts, reason } = payload;
  if (topic.startsWith(`${up}event/`)) return [boot, seq].join(" ");
  if (topic.startsWith(`${up}command/`)) return [topic, status, ts, reason].join(" ");
  return null;
}

/** What has happened to it. */
export class World {
  readonly folder = mkdtempSync(join(tmpdir(), "forgotten-"));
  readonly broker = new PlayedBroker();
  readonly decided: Decided[] = [];
  /** The last word on each retained topic. */
  readonly told = new Map<string, Json>();
  readonly executed: { readonly id: string; readonly wallMs: number; readonly notAfterMs: number }[] = [];
  readonly commands: { readonly topic: string; readonly payload: string }[] = [];
  /** When a life ended without a word, and how slow its disk had been. */
  readonly crashes = new Map<number, { readonly atMs: number; readonly slackMs: number }>();
  lost = 0;
  /** A message lost its place in line. */
  setAside = false;
  desired: string | null = null;
  applied: Json = {};
  #slowestMs = 0;
  /** Pieces of the agent's own work, with a timer each. */
  #working = 0;
  life: Life;

  constructor() {
    mkdirSync(join(this.folder, "card"));
    this.life = this.#start(1, Date.UTC(2026, 0, 1));
  }

  #start(number: number, wallMs: number): Life {
    const name = `life-${number}`;
    const clock = new ManualClock(wallMs);
    const disk: Disk = { clock, delayMs: 0, cutAfter: null, dead: false, cut: () => this.cutPower() };
    symlinkSync("card", join(this.folder, name));
    disks.set(name, disk);
    brokers.set(name, this.broker);
    this.#slowestMs = 0;
    this.#working = 0;
    const stateDir = join(this.folder, name, "state");
    const quiet = () => {};
    const logger = {
      debug: quiet,
      info: quiet,
      warn: (text: string, fields?: LogFields) => this.#warned(text, fields),
      error: quiet,
    };
    const initial = loadRemoteConfig(join(stateDir, "remote-config.json"), logger);
    this.applied = initial.settings;
    const work = (takesMs: number) => {
      this.#working += 1;
      return new Promise<null>((resolve) => {
        clock.after(takesMs, () => {
          this.#working -= 1;
          resolve(null);
        });
      });
    };
    const executor = (takesMs: number) => (_: unknown, notAfterMs: number) => {
      if (disk.dead) return null;
      this.executed.push({ id: this.#executing, wallMs: clock.wallMs(), notAfterMs });
      if (takesMs < 0) throw new Error("it cannot be done");
      if (takesMs === 0) return null;
      return work(takesMs);
    };
    const fleet = startFleet({
      identity: { fleet: "lab", device: "kiosk", boot: name },
      broker: { url: `mqtt://${name}`, protocol: 5 },
      info: deviceInfo,
      configHash: () => JSON.stringify(this.applied),
      homeAssistant: false,
      executors: {
        mute: executor(0),
        unmute: executor(700),
        "restart-session": executor(-1),
        "self-test": executor(90_000),
        say: executor(5_000),
      },
      config: {
        initial,
        host: {
          check: (settings) => ("bad" in settings ? [{ key: "bad", message: "is not allowed" }] : []),
          apply: async (settings) => {
            if ("slow" in settings) await work(3_000);
            if ("fails" in settings) throw new Error("it fails");
            this.applied = settings;
            return { onTrial: "trial" in settings };
          },
        },
      },
      measure: idle.measure,
      publishTranscripts: false,
      stateDir,
      clock,
      random: seededRandom(name),
      logger,
    });
    fleet.observe(({ topic, payload }) => {
      if (!disk.dead) this.#observed(number, clock, topic, { ...payload });
    });
    return { number, clock, disk, fleet };
  }

  /** The command that was last said to be under way: it is begun in the same breath. */
  #executing = "";

  #observed(life: number, clock: ManualClock, topic: string, payload: Json): void {
    if (topic.startsWith(`${up}command/`) && payload["status"] === "executing") {
      this.#executing = topic.split("/").at(-1) ?? "";
    }
    const key = keyOf(topic, payload);
    const line = this.broker.line?.isOpen === true ? this.broker.line : null;
    if (key === null) this.told.set(topic, payload);
    else this.decided.push({ key, payload, life, line, atMs: clock.monotonicMs() });
  }

  #warned(text: string, fields: LogFields | undefined): void {
    const lost = fields?.["lost"];
    if (text.includes("after all others")) this.setAside = true;
    if (text.includes("given up")) this.lost += 1;
    if (text.includes("were lost") && typeof lost === "number") this.lost += lost;
  }

  /** The power is cut. */
  cutPower(): void {
    const { disk, clock, number } = this.life;
    if (disk.dead) return;
    disk.dead = true;
    // A quarter of a second, and the write under way before it.
    const slackMs = 600 + 20 * Math.max(this.#slowestMs, disk.delayMs);
    this.crashes.set(number, { atMs: clock.monotonicMs(), slackMs });
    this.broker.vanished();
  }

  /** What the device says of its messages. */
  counts(): Json {
    this.life.fleet.repeat();
    const counts = this.told.get(`${up}metrics`)?.["mqtt"];
    return counts as Json;
  }

  async settle(): Promise<void> {
    await setImmediate();
  }

  async pass(ms: number): Promise<void> {
    let left = ms;
    for (;;) {
      const { clock, disk } = this.life;
      if (disk.dead) return;
      const step = Math.min(left, clock.nextInMs ?? left);
      clock.advance(step);
      left -= step;
      await this.settle();
      if (left <= 0 && (clock.nextInMs ?? 1) > 0) return;
    }
  }

  #next(afterMs: number): void {
    this.life.disk.dead = true;
    this.broker.vanished();
    const { number, clock } = this.life;
    this.life = this.#start(number + 1, clock.wallMs() + afterMs);
  }

  /** Sends a command, good for `lifeMs`. */
  command(name: string, lifeMs: number): void {
    const wallMs = this.life.clock.wallMs();
    const time = (ms: number) => new Date(ms).toISOString();
    const args = name === "say" ? { text: "hello" } : {};
    const down = {
      topic: `sis/v1/lab/kiosk/dn/command/${name}/c${this.commands.length + 1}`,
      payload: JSON.stringify({ v: 1, ts: time(wallMs), args, not_after: time(wallMs + lifeMs) }),
    };
    this.commands.push(down);
    this.broker.command(down);
  }

  /** Sends one of the commands again. */
  again(which: number, retain: boolean): void {
    const down = this.commands[which % Math.max(1, this.commands.length)];
    if (down !== undefined) this.broker.command(down, retain);
  }

  /** Sends settings. */
  desire(settings: Json): void {
    const sinceMs = this.decided.length * 1_000 + Math.round(this.life.clock.wallMs() % 1_000);
    const ts = new Date(Date.UTC(2026, 0, 1) + sinceMs).toISOString();
    this.desired = ts;
    this.broker.desire({ topic: "sis/v1/lab/kiosk/dn/config", payload: JSON.stringify({ v: 1, ts, settings }) });
  }

  /** From now on each step of the disk takes this long. */
  slow(delayMs: number): void {
    this.life.disk.delayMs = delayMs;
    this.#slowestMs = Math.max(this.#slowestMs, delayMs);
  }

  /** Stops the agent in order, and starts it again. */
  async restart(): Promise<void> {
    const { fleet, clock, disk } = this.life;
    let stopped = false;
    const stop = async () => {
      await fleet.stop("restart");
      stopped = true;
    };
    void stop();
    await this.settle();
    await this.pass(1_500 + 60 * Math.max(disk.delayMs, this.#slowestMs));
    if (!disk.dead) {
      assert.ok(stopped, "stopping took longer than it may");
      assert.equal(clock.pending, this.#working, "timers are left");
    }
    this.#next(1_000);
  }

  /** Power comes back, where it was cut. */
  async powerUp(): Promise<void> {
    if (!this.life.disk.dead) return;
    this.#next(20_000);
    await this.settle();
  }

  /** All is well again, for as long as it takes. */
  async heal(): Promise<void> {
    this.broker.heal();
    this.life.disk.delayMs = 0;
    this.life.disk.cutAfter = null;
    await this.pass(3_600_000);
    // What was refused is told again at the next connection.
    this.broker.drop();
    await this.pass(3_600_000);
  }

  async dispose(): Promise<void> {
    void this.life.fleet.stop("test over");
    await this.pass(5_000);
    for (let n = 1; n <= this.life.number; n += 1) {
      disks.delete(`life-${n}`);
      brokers.delete(`life-${n}`);
    }
    rmSync(this.folder, { recursive: true });
  }
}
