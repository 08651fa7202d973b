import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Fault } from "../../../src/base/fault.ts";
import type { LogFields } from "../../../src/base/logger.ts";
import { seededRandom } from "../../../src/base/random.ts";
import type { Fleet } from "../../../src/fleet/fleet.ts";
import { loadRemoteConfig } from "../../../src/fleet/remote-config-file.ts";
import { ManualClock } from "../../lab/manual-clock.ts";
import { deviceInfo, errorOf, gapReport, sessionOf } from "../samples.ts";
import { type Json, PlayedBroker, type Way, type Welcome } from "./played-broker.ts";
import { type Disk, disks } from "./stand-in-disk.ts";
import { brokers, type StandInLine } from "./stand-in-line.ts";
import { standIn } from "./stand-ins.ts";

// A device's fleet room and its broker, over the lives of the agent, and what must be so of the two in the end.

standIn();
const { startFleet } = await import("../../../src/fleet/fleet.ts");
await import("../../../src/fleet/broker.ts");

export const up = "sis/v1/lab/kiosk/up/";

/** What happens to a device. */
export type Step =
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "error"; readonly class: "service" | "account" | "throttled" }
  | { readonly do: "session" }
  | { readonly do: "gap"; readonly times: number }
  | { readonly do: "phase"; readonly phase: "listening" | "streaming" }
  | { readonly do: "hot" | "panel"; readonly bad: boolean }
  | { readonly do: "welcome"; readonly welcome: Welcome }
  | { readonly do: "way"; readonly way: Way }
  | { readonly do: "refuses"; readonly topics: string | null }
  | { readonly do: "release" }
  | { readonly do: "drop"; readonly reasonCode: number | null }
  | { readonly do: "command"; readonly name: string; readonly lifeMs: number }
  | { readonly do: "again"; readonly which: number; readonly retain: boolean }
  | { readonly do: "desire"; readonly settings: Json }
  | { readonly do: "disk"; readonly delayMs: number }
  | { readonly do: "wall"; readonly byMs: number }
  | { readonly do: "stop" }
  | { readonly do: "crash" }
  | { readonly do: "cut"; readonly after: number };

/** One run of the agent. */
interface Life {
  readonly number: number;
  readonly clock: ManualClock;
  readonly disk: Disk;
  readonly fleet: Fleet;
}

/** An event or an answer, when it was decided. */
interface Decided {
  readonly key: string;
  readonly payload: Json;
  readonly life: number;
  readonly line: StandInLine | null;
  readonly atMs: number;
}

/** What names an event, or one of a command's answers. */
function keyOf(topic: string, payload: Json): string | null {
  const { boot, seq, status, ts, reason } = payload;
  if (topic.startsWith(`${up}event/`)) return [boot, seq].join(" ");
  if (topic.startsWith(`${up}command/`)) return [topic, status, ts, reason].join(" ");
  return null;
}

/** Whether a command has ended with this. One that was refused, for a clock that was ahead or for its retain mark, may be taken later. */
function isEnd({ status, reason }: Json): boolean {
  return status === "succeeded" || (status === "failed" && !/^it (came too late|is retained)/.test(String(reason)));
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
    const disk: Disk = { clock, delayMs: 0, cutAfter: null, dead: false, cut: () => this.#die() };
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
      measure: null,
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
    if (text.includes("were lost") && typeof lost === "number") this.lost += lost;
  }

  /** The power is cut. */
  #die(): void {
    const { disk, clock, number } = this.life;
    if (disk.dead) return;
    disk.dead = true;
    // A quarter of a second, and the write under way before it.
    const slackMs = 600 + 20 * Math.max(this.#slowestMs, disk.delayMs);
    this.crashes.set(number, { atMs: clock.monotonicMs(), slackMs });
    this.broker.vanished();
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

  async run(step: Step): Promise<void> {
    const { fleet, clock, disk } = this.life;
    switch (step.do) {
      case "pass":
        await this.pass(step.ms);
        break;
      case "error":
        fleet.report(errorOf({ class: step.class, retryInMs: step.class === "account" ? null : 1_000 }));
        break;
      case "session":
        fleet.report(sessionOf("started"));
        break;
      case "gap":
        for (let n = 0; n < step.times; n += 1) fleet.report(gapReport);
        break;
      case "phase":
        fleet.report({ type: "phase", phase: step.phase, reason: step.phase, retryInMs: null });
        break;
      case "hot":
        fleet.notice({ type: "temperature", hot: step.bad, celsius: 90 });
        break;
      case "panel":
        fleet.notice({ type: "panel", fault: step.bad ? new Fault("device-lost", "the panel is gone") : null });
        break;
      case "welcome":
        this.broker.welcome = step.welcome;
        break;
      case "way":
        this.broker.way = step.way;
        break;
      case "refuses":
        this.broker.refuses = step.topics;
        break;
      case "release":
        this.broker.release();
        break;
      case "drop":
        this.broker.drop(step.reasonCode);
        break;
      case "command": {
        const wallMs = clock.wallMs();
        const time = (ms: number) => new Date(ms).toISOString();
        const args = step.name === "say" ? { text: "hello" } : {};
        const down = {
          topic: `sis/v1/lab/kiosk/dn/command/${step.name}/c${this.commands.length + 1}`,
          payload: JSON.stringify({ v: 1, ts: time(wallMs), args, not_after: time(wallMs + step.lifeMs) }),
        };
        this.commands.push(down);
        this.broker.command(down);
        break;
      }
      case "again": {
        const down = this.commands[step.which % Math.max(1, this.commands.length)];
        if (down !== undefined) this.broker.command(down, step.retain);
        break;
      }
      case "desire": {
        const ts = new Date(
          Date.UTC(2026, 0, 1) + this.decided.length * 1_000 + Math.round(clock.wallMs() % 1_000),
        ).toISOString();
        this.desired = ts;
        this.broker.desire({
          topic: "sis/v1/lab/kiosk/dn/config",
          payload: JSON.stringify({ v: 1, ts, settings: step.settings }),
        });
        break;
      }
      case "disk":
        disk.delayMs = step.delayMs;
        this.#slowestMs = Math.max(this.#slowestMs, step.delayMs);
        break;
      case "wall":
        clock.stepWall(step.byMs);
        break;
      case "stop": {
        let stopped = false;
        const stop = async () => {
          await fleet.stop("restart");
          stopped = true;
        };
        void stop();
        await this.settle();
        await this.pass(1_500 + 60 * Math.max(disk.delayMs, this.#slowestMs));
        if (!disk.dead) assert.ok(stopped, "stopping took longer than it may");
        if (!disk.dead) this.#checkGoodbye();
        this.#next(1_000);
        break;
      }
      case "crash":
        this.#die();
        break;
      case "cut":
        disk.cutAfter = step.after;
        break;
    }
    await this.settle();
    if (this.life.disk.dead) {
      this.#next(20_000);
      await this.settle();
    }
  }

  #checkGoodbye(): void {
    assert.equal(this.life.clock.pending, this.#working, "timers are left");
  }

  /** All is well again, for as long as it takes. */
  async heal(): Promise<void> {
    Object.assign(this.broker, { welcome: "accept", way: "prompt", refuses: null });
    this.life.disk.delayMs = 0;
    this.life.disk.cutAfter = null;
    await this.pass(3_600_000);
    // What was refused is told again at the next connection.
    this.broker.drop();
    await this.pass(3_600_000);
  }

  check(): void {
    const { broker, life } = this;
    const { line } = broker;
    assert.ok(line?.isOpen, "connected");
    this.#checkDelivery();
    this.#checkCommands();
    // Alarms: both sides agree.
    const active = [...broker.retained].flatMap(([topic, { status, id }]) =>
      topic.startsWith(`${up}alarm/`) && status === "active" ? [[topic.slice(up.length + 6), id].join(" ")] : [],
    );
    const own = life.fleet.alarms().map(({ type, id }) => `${type} ${id}`);
    assert.deepEqual(new Set(active), new Set(own), "the broker's active alarms are the device's");
    // What is retained is the last that was said, by this connection.
    for (const topic of ["state", "info", "config"]) {
      assert.deepEqual(broker.retained.get(up + topic), this.told.get(up + topic), topic);
    }
    const will = JSON.parse(line.options.own.will?.payload.toString() ?? "null") as Json;
    assert.equal(broker.retained.get(`${up}state`)?.["session"], will["session"]);
    assert.equal(broker.retained.get(`${up}state`)?.["online"], true);
    const config = broker.retained.get(`${up}config`);
    assert.equal(config?.["desired"], this.desired, "the settings that were last desired are judged");
    assert.notEqual(config?.["status"], "trying");
    assert.deepEqual(config?.["settings"], this.applied);
  }

  /** So soon that it may not be on disk. */
  #cutSoonAfter({ life, atMs }: { readonly life: number; readonly atMs: number }): boolean {
    const crash = this.crashes.get(life);
    return crash !== undefined && crash.atMs - atMs < crash.slackMs;
  }

  #checkDelivery(): void {
    const { broker } = this;
    const first = new Set<string>();
    const all = broker.arrivals.flatMap(({ topic, payload, line }) => {
      const key = keyOf(topic, payload);
      // Told at the start, before anybody can look on.
      const atStart = String(payload["reason"]).startsWith("the agent ended while");
      return key === null || atStart ? [] : [{ key, payload, line }];
    });
    for (const { key } of all) first.add(key);
    const refused = new Set(broker.refused.map(({ topic, payload }) => keyOf(topic, payload)));
    const missing = this.decided.filter(
      (each) => !first.has(each.key) && !refused.has(each.key) && !this.#cutSoonAfter(each),
    );
    // A power cut leaves nobody to tell how many gave way.
    const uncounted = this.crashes.size > 0 && this.decided.length > 1_000;
    assert.ok(
      missing.length <= this.lost || uncounted,
      `${missing.length} lost, ${this.lost} told: ${missing
        .map(({ key, atMs }) => `${key} at ${atMs}`)
        .slice(0, 5)
        .join("; ")}`,
    );
    const byKey = new Map(this.decided.map((each) => [each.key, each]));
    const kept = [...first].filter((key) => !refused.has(key));
    const order = kept.map((key) => this.decided.findIndex((each) => each.key === key));
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
      "in the order in which they happened",
    );
    for (const { key, payload, line } of all) {
      const { replayed, ...rest } = payload;
      const decided = byKey.get(key) ?? assert.fail(`${key} was never decided`);
      const { replayed: _, ...before } = decided.payload;
      assert.deepEqual(rest, before);
      if (replayed !== undefined) assert.equal(replayed, decided.line !== line, `replayed: ${key}`);
    }
  }

  /** Whether a command can have come again when its id was not kept any longer. */
  #forgotten(id: string): boolean {
    const notAfterMs = this.executed.find((each) => each.id === id)?.notAfterMs ?? 0;
    return this.life.clock.wallMs() - 7_200_000 > notAfterMs + 540_000;
  }

  #checkCommands(): void {
    const ids = this.executed.map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)], "each is executed once");
    for (const { id, wallMs, notAfterMs } of this.executed) assert.ok(wallMs <= notAfterMs, `${id} is too late`);
    // Answers are refused, and give way, like all that is kept in order.
    const mayBeGone = this.broker.refused.length > 0 || this.decided.length > 1_000;
    // So is what the next start says of a command, where the power is cut again at once.
    const againAtStart = [...this.crashes.values()].some(({ atMs, slackMs }) => atMs < slackMs);
    for (const { topic } of this.commands) {
      const [, , , , , , name, id] = topic.split("/");
      const answers = this.broker.arrivals.filter((each) => each.topic === `${up}command/${name}/${id}`);
      const ends = new Set(answers.flatMap(({ payload }) => (isEnd(payload) ? [payload["status"]] : [])));
      const told = JSON.stringify(answers.map(({ payload }) => payload));
      // What ended just before the power was cut may be known to be over, or its answer be there, but not both.
      const torn =
        againAtStart ||
        this.decided.some(
          (each) =>
            each.key.startsWith(`${up}command/${name}/${id} `) && isEnd(each.payload) && this.#cutSoonAfter(each),
        );
      const late = answers.findLastIndex(({ payload }) => String(payload["reason"]).startsWith("it came too late"));
      const over = answers.findIndex(({ payload }) => isEnd(payload));
      if (id !== undefined && !this.#forgotten(id)) {
        assert.ok(late === -1 || over === -1 || late < over, `${id} has ended, and then come too late: ${told}`);
      }
      if (!torn) assert.ok(ends.size <= 1, `${id} has ended in two ways: ${told}`);
      if (ids.includes(id ?? "") && !mayBeGone && !torn)
        assert.equal(ends.size, 1, `${id} was executed, and is never answered`);
    }
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
