import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { seededRandom } from "../../../src/base/random.ts";
import { interpret } from "../../../src/config/interpret.ts";
import type { Settings } from "../../../src/config/schema.ts";
import type { ConfigDesk } from "../../../src/fleet/config-desk.ts";
import type { RemoteConfig } from "../../../src/fleet/remote-config-file.ts";
import { configReportPayload, type RemoteSettings } from "../../../src/fleet/schema-down.ts";
import { errorOf, sessionOf } from "../../fleet/samples.ts";
import { ManualClock } from "../../lab/manual-clock.ts";
import { TornDisk, type Trap } from "../../lab/torn-disk.ts";
import { useTornDisk } from "../../lab/torn-fs.ts";

// A device whose settings are set from afar, over the lives of its agent, on a disk that is torn by power cuts.

useTornDisk(/\/src\/base\/(make-folder|sync-folder|replace-file)\.ts$/);
const { openConfigDesk } = await import("../../../src/fleet/config-desk.ts");
const { configHost, settingsInEffect } = await import("../../../src/agent/remote-settings.ts");
const { withRemote } = await import("../../../src/config/remote.ts");

export type Step =
  /** `text`: as it is, in place of settings. */
  | { readonly do: "desire"; readonly settings: Readonly<Record<string, unknown>>; readonly text: string | null }
  /** The broker gives again what it keeps. */
  | { readonly do: "again" }
  | { readonly do: "session" }
  | { readonly do: "error"; readonly class: "config" | "network" }
  | { readonly do: "pass"; readonly ms: number }
  /** The next change cannot be carried out, or takes its time. */
  | { readonly do: "resist"; readonly how: "fails" | "slow" | null }
  | { readonly do: "stop"; readonly own: number }
  | { readonly do: "disk"; readonly trap: Trap | null }
  | { readonly do: "cut"; readonly keeps: number; readonly own: number };

/** The device's own file, and what a person makes of it meanwhile. */
const owns = ["", "vad_tail = 700\n", 'audio_format = "pcm8k16bit"\nproperty = "chinese_8k_common"\n'];

interface Life {
  readonly own: Settings;
  readonly clock: ManualClock;
  readonly desk: ConfigDesk;
}

export class World implements Disposable {
  readonly disk: TornDisk;
  readonly #state: string;
  /** The fleet's settings that a start may find: the last that are surely on the disk, and all since. */
  #candidates: RemoteSettings[] = [{}];
  /** What the agent runs on. */
  #runs: Settings | null = null;
  #resist: "fails" | "slow" | null = null;
  #retained: string | null = null;
  #desires = 0;
  #diskFails = false;
  life: Life;

  constructor() {
    this.disk = new TornDisk(mkdtempSync(join(tmpdir(), "settings-")), () => {});
    this.#state = join(this.disk.root, "state");
    this.life = this.#start(0);
  }

  get runs(): Settings | null {
    return this.#runs;
  }

  #own(which: number): Settings {
    const sis = `[sis]\nendpoint = "ws://127.0.0.1:1"\nproject_id = "p"\n${owns[which] ?? ""}`;
    const toml = `device_id = "d"\nstate_dir = "${this.#state}"\n${sis}[mqtt]\nurl = "mqtt://127.0.0.1"\n`;
    const { settings } = interpret({ file: "/a.toml", toml, environment: {}, machineId: null });
    assert.ok(settings !== null);
    return settings;
  }

  #start(which: number): Life {
    const own = this.#own(which);
    const warnings: string[] = [];
    const quiet = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text), error() {} };
    const clock = new ManualClock();
    const { settings, config } = settingsInEffect(own, quiet);
    assert.ok(!warnings.some((text) => text.includes("cannot be read")), "what is kept is whole");
    const fits = this.#candidates.some((each) => isDeepStrictEqual(config.settings, each));
    const leftOut = config.status === "refused" && this.#candidates.some((each) => "problems" in withRemote(own, each));
    assert.ok(fits || leftOut, `${JSON.stringify(config)} is among ${JSON.stringify(this.#candidates)}`);
    assert.notEqual(config.status, "trying");
    this.#runs = settings;
    this.#answered(config);
    const host = configHost(own, async (to) => {
      const before = this.#runs;
      this.#runs = to;
      const [how, tried] = [this.#resist, !isDeepStrictEqual([before?.sis, before?.buffer], [to.sis, to.buffer])];
      this.#resist = null;
      if (how === "slow") await new Promise<void>((resolve) => void clock.after(4_000, resolve));
      if (how === "fails") throw new Error("recognition cannot be started");
      return { onTrial: tried };
    });
    const desk = openConfigDesk({
      host,
      initial: config,
      file: join(this.#state, "remote-config.json"),
      clock,
      logger: quiet,
      onDisk: (fault) => {
        this.#diskFails = fault !== null;
      },
      changed: (to) => {
        this.#answered(to);
        if (to.status === "applied" || to.status === "own") this.#candidates.push(to.settings);
      },
    });
    return { own, clock, desk };
  }

  /** What the fleet is told can be told, and acted on. */
  #answered({ settings, desired, status, errors }: RemoteConfig): void {
    const report = {
      v: 1,
      ts: "2026-01-01T00:00:00.000Z",
      status,
      desired: desired?.ts ?? null,
      hash: "h",
      settings,
      errors,
    };
    configReportPayload.parse(report);
    assert.equal(errors.length > 0, status === "refused" || status === "rolled-back", JSON.stringify(report));
    for (const { key, message } of errors) {
      if (status === "rolled-back") continue;
      const mend =
        /allowed: |^cannot be set by the fleet, only in|; did you mean |; the fleet can set: | takes sound of /;
      if (key === null) assert.match(message, /^(it is not |__proto__ is not a setting$|\w+: \S)/);
      else assert.match(message, mend, `${key}: ${message}`);
    }
  }

  async #settle(): Promise<void> {
    for (let turns = 0; turns < 8; turns += 1) {
      this.life.clock.advance(0);
      await setImmediate();
    }
    const { desk, clock } = this.life;
    if (this.disk.gone || this.#diskFails || clock.nextInMs === 0) return;
    const { status } = desk.now();
    if (status !== "trying") this.#candidates = [desk.now().settings];
  }

  /** What runs is what is said to run, unless something is being tried. */
  #look(): void {
    const { own, desk } = this.life;
    const { status, settings } = desk.now();
    if (status === "trying") return;
    const found = withRemote(own, settings);
    assert.ok("settings" in found);
    assert.deepEqual(this.#runs, found.settings, `${status}: ${JSON.stringify(settings)}`);
  }

  async #pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 5_000) {
      this.life.clock.advance(Math.min(left, 5_000));
      await this.#settle();
    }
  }

  #next(own: number): void {
    this.#diskFails = false;
    this.#resist = null;
    this.life = this.#start(own);
    if (this.#retained !== null) this.life.desk.receive(Buffer.from(this.#retained));
  }

  async run(step: Step): Promise<void> {
    const { desk } = this.life;
    switch (step.do) {
      case "desire": {
        this.#desires += 1;
        const ts = new Date(Date.UTC(2026, 0, 1) + this.#desires).toISOString();
        this.#retained = step.text ?? JSON.stringify({ v: 1, ts, settings: step.settings });
        desk.receive(Buffer.from(this.#retained));
        break;
      }
      case "again":
        if (this.#retained !== null) desk.receive(Buffer.from(this.#retained));
        break;
      case "session":
        desk.report(sessionOf("started"));
        break;
      case "error":
        desk.report(errorOf({ class: step.class, code: "SIS.0201", message: "no such table" }));
        break;
      case "pass":
        await this.#pass(step.ms);
        break;
      case "resist":
        this.#resist = step.how;
        break;
      case "disk":
        this.disk.set(step.trap);
        break;
      case "stop":
        this.disk.set(null);
        await desk.close();
        this.#next(step.own);
        break;
      case "cut":
        // Whatever is under way ends here.
        this.disk.set({ at: 1, what: "cut" });
        await this.#settle();
        this.disk.comeBack(step.keeps, seededRandom(`cut ${this.#desires}`));
        this.#next(step.own);
    }
    await this.#settle();
    // The power that goes in the middle of a write.
    if (this.disk.gone) return this.run({ do: "cut", keeps: 0.5, own: 0 });
    this.#look();
  }

  /** In the end good settings are taken, last over a restart, and no other file is there. */
  async heal(): Promise<void> {
    this.disk.set(null);
    this.#resist = null;
    await this.#pass(200_000);
    await this.run({ do: "desire", settings: { "sis.vad_tail": 1234 }, text: null });
    await this.run({ do: "session" });
    await this.#pass(40_000);
    assert.deepEqual([this.life.desk.now().status, this.#runs?.sis.vad_tail], ["applied", 1234]);
    await this.run({ do: "cut", keeps: 0, own: 0 });
    assert.deepEqual([this.life.desk.now().status, this.#runs?.sis.vad_tail], ["applied", 1234]);
    await this.run({ do: "desire", settings: {}, text: null });
    await this.#pass(100_000);
    if (existsSync(this.#state)) assert.deepEqual(readdirSync(this.#state), ["remote-config.json"]);
  }

  [Symbol.dispose](): void {
    void this.life.desk.close();
    this.disk[Symbol.dispose]();
  }
}
