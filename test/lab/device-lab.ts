import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Recognition, startRecognition } from "../../src/agent/recognition.ts";
import { Gate, hangoverMs } from "../../src/audio/gate.ts";
import { AudioLog, balances, type Gap } from "../../src/audio/log.ts";
import { Spool } from "../../src/audio/spool.ts";
import { keepingOf, type Store } from "../../src/audio/store.ts";
import type { Fault } from "../../src/base/fault.ts";
import { type Random, seededRandom } from "../../src/base/random.ts";
import type { Settings } from "../../src/config/schema.ts";
import { type Bounds, sessionBounds } from "../../src/recognition/bounds.ts";
import { Recognizer } from "../../src/recognition/recognizer.ts";
import type { Report, Transcript } from "../../src/recognition/report.ts";
import type { Mode } from "../../src/sis/request.ts";
import { ManualClock } from "./manual-clock.ts";
import { ModelService, type Trouble } from "./model-service.ts";
import { ScriptedLink } from "./scripted-link.ts";
import { cutOff, soundOf, type Word } from "./service-lab.ts";

export interface DeviceOptions {
  readonly seed: string;
  readonly mode: Mode;
  /** What is said in the room, whether or not anybody listens. */
  readonly words: readonly Word[];
  /** What goes wrong, session by session, over all runs. */
  readonly plan: readonly Trouble[];
  /** How fast the service recognises, times real time. */
  readonly speed: number;
  readonly gate: "always" | "speech";
  readonly disk: "off" | "outage" | "always";
  readonly memoryMs: number;
  readonly maxBytes: number;
  /** How much sound a session is given before the next takes over; null: as much as the service allows. */
  readonly rollMs: number | null;
}

/** Of the room's time, ms since the beginning. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Told {
  readonly transcript: Transcript;
  /** Which run told it. */
  readonly run: number;
}

type Running = ReturnType<DeviceLab["start"]>;

const perMs = 8;
const stepMs = 100;
const flushMs = 500;
/** A disk of this size is never full. */
export const roomyBytes = 10_000_000;
export const beginMs = Date.UTC(2026, 0, 1);
const settings = {} as Settings;
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const config = { audioFormat: "pcm8k16bit", property: "chinese_8k_common" } as const;

/**
 * A device in a room: capture, gate, log, a disk that is a real folder, recognition and a model of the service, put together
 * as in the product, run after run. Its clock is moved by hand; the disk gets all the time it needs in between.
 */
export class DeviceLab {
  readonly told: Told[] = [];
  readonly gaps: Gap[] = [];
  /** What was told about the disk. */
  readonly troubles: (Fault | null)[] = [];
  /** What was captured while nobody had muted it. */
  readonly captured: Stretch[] = [];
  /** When a run was being stopped, or a session asked to end: what is said then may be cut. */
  readonly cuts: Stretch[] = [];
  /** What a crash may have cost at the most. */
  readonly crashed: Stretch[] = [];
  crashes = 0;
  readonly #options: DeviceOptions;
  readonly #random: Random;
  readonly #sampleAt: (ms: number) => number;
  readonly #plan: Trouble[];
  readonly #base = mkdtempSync(path.join(tmpdir(), "sis-agent-device-"));
  readonly #dead: Spool[] = [];
  #downUntilMs = 0;
  #roomMs = 0;
  #runs = 0;
  #folder = path.join(this.#base, "run-0");
  #now: Running;

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#sampleAt = soundOf(options.words);
    this.#plan = [...options.plan];
    mkdirSync(this.#folder);
    this.#now = this.start();
  }

  get roomMs(): number {
    return this.#roomMs;
  }

  get pendingMs(): number {
    return this.#now.log.ledger().pendingMs;
  }

  /** The files of sound that are on the disk. */
  get files(): readonly string[] {
    return readdirSync(this.#folder).filter((name) => name.endsWith(".sound"));
  }

  /** The next run, on what the one before has left on the disk. */
  start() {
    const { disk, maxBytes, memoryMs, mode, rollMs } = this.#options;
    this.#runs += 1;
    const run = this.#runs;
    const clock = new ManualClock(beginMs + this.#roomMs);
    const links: ScriptedLink[] = [];
    const gaps: Gap[] = [];
    const beganMs = this.#roomMs;
    let dead = false;
    let sessions = 0;
    let streams = 0;
    let fetching: { readonly from: number; readonly to: number } | null = null;

    const spool = new Spool({
      folder: this.#folder,
      keeps: disk !== "off",
      sampleRate: perMs * 1000,
      maxBytes,
      maxAgeMs: 24 * 3_600_000,
      clock,
      onTrouble: (fault) => this.troubles.push(fault),
      onLooked: () => log.review(),
    });
    const store: Store = {
      resumed: spool.resumed,
      get failing() {
        return spool.failing;
      },
      keep: (block) => spool.keep(block),
      keptTo: (position) => spool.keptTo(position),
      keptAfter: (position) => spool.keptAfter(position),
      progress: (progress) => spool.progress(progress),
      takeDropped: () => spool.takeDropped(),
      fetch(from, to) {
        const fetched = spool.fetch(from, to);
        if (fetched === "wait") fetching = { from, to };
        return fetched;
      },
    };
    const log = new AudioLog({
      sampleRate: perMs * 1000,
      capacityMs: memoryMs,
      live: true,
      clock,
      onGap: (gap) => gaps.push(gap),
      store,
      keeping: keepingOf(disk, memoryMs, flushMs),
    });
    const gate = new Gate({
      at: this.#options.gate === "speech" ? "shut" : "always",
      ear: this.#options.gate === "speech" ? new WordEar() : null,
      sampleRate: perMs * 1000,
      start: log.resumedTo,
      hangoverMs: hangoverMs(500, stepMs),
      decide: ({ upTo, verdict }) => log.decide(upTo, verdict),
    });
    const roll = (ms: number) => ({ rollInPauseMs: ms, rollMs: ms * 2, reconnectInPauseMs: ms, reconnectMs: ms * 2 });
    const bounds: Bounds = { ...sessionBounds(mode, config), ...(rollMs !== null && roll(rollMs)) };
    const onReport = (report: Report) => {
      if (report.type !== "transcript" || !report.transcript.final) return;
      spool.whenNoted(() => {
        if (!dead) this.told.push({ transcript: report.transcript, run });
      });
    };
    const recognition: Recognition = startRecognition({
      settings,
      clock,
      sampleRate: perMs * 1000,
      onReport,
      make: (_settings, ear) =>
        new Recognizer({
          irregularities: new Map(),
          log,
          dial: (listener, mark) => {
            const link: ScriptedLink = new ScriptedLink(
              listener,
              mark,
              this.#service(clock, () => link, beganMs),
            );
            links.push(link);
            return link;
          },
          credentialsGoodForMs: () => null,
          credentialsRefused() {},
          mode,
          config,
          chunkMs: stepMs,
          encode: (samples) => new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
          onSent: (samples) => ear.sent(samples),
          catchUpRate: 3,
          sourceSpeed: 1,
          bounds,
          clock,
          random: this.#random,
          logger,
          nextSessionId: () => `run-${run}-session-${++sessions}`,
          onReport: (report) => ear.report(report),
        }),
    });
    const openStream = () => log.openStream(`run-${run}.${++streams}`);
    openStream();
    return {
      clock,
      spool,
      log,
      gate,
      recognition,
      links,
      gaps,
      openStream,
      /** Nothing is captured. */
      deaf: false,
      muting: null as Disposable | null,
      die: () => {
        dead = true;
      },
      /** The disk has done all it was asked for. */
      settled: async () => {
        for (let work = spool.written; ; work = spool.written) {
          await work;
          if (work === spool.written) break;
        }
        for (let until = performance.now() + 30_000; fetching !== null; ) {
          assert.ok(performance.now() < until, "the disk gives what it holds");
          await setImmediate();
          if (spool.fetch(fetching.from, fetching.to) !== "wait") fetching = null;
        }
      },
    };
  }

  /** Time passes in the room, and the device listens. */
  async hear(ms: number): Promise<void> {
    for (let done = 0; done < ms; done += stepMs) {
      this.#capture();
      await this.#now.settled();
    }
  }

  #capture(): void {
    const { clock, log, gate, recognition, deaf, muting } = this.#now;
    clock.advance(stepMs);
    const fromMs = this.#roomMs;
    this.#roomMs += stepMs;
    if (deaf) return;
    const samples = Int16Array.from({ length: stepMs * perMs }, (_, index) => this.#sampleAt(fromMs + index / perMs));
    log.append(samples);
    gate.heard(samples);
    recognition.audioArrived();
    if (muting === null) this.captured.push({ fromMs, toMs: this.#roomMs });
    this.#check();
  }

  /** The device speaks itself, or is silent again. */
  speak(): void {
    const { muting, gate } = this.#now;
    muting?.[Symbol.dispose]();
    this.#now.muting = muting === null ? gate.mute("speaking") : null;
  }

  /** Somebody mutes the microphone for so long: either nothing is captured, or what is captured is not used. */
  async mute(ms: number, how: "deaf" | "withheld"): Promise<void> {
    const now = this.#now;
    now.muting?.[Symbol.dispose]();
    now.muting = now.gate.mute();
    now.log.rest();
    now.recognition.rest(true);
    now.deaf = how === "deaf";
    await this.hear(ms);
    now.muting?.[Symbol.dispose]();
    now.muting = null;
    now.recognition.rest(false);
    if (now.deaf) now.openStream();
    now.deaf = false;
  }

  /** The recorder breaks off for so long. */
  async breakOff(ms: number): Promise<void> {
    const now = this.#now;
    now.log.breakOff();
    now.deaf = true;
    await this.hear(ms);
    now.deaf = false;
    now.openStream();
  }

  /** The service cannot be reached from now on for so long. */
  outage(ms: number): void {
    this.#downUntilMs = this.#roomMs + ms;
    for (const link of this.#now.links) link.end(cutOff);
  }

  /** The fleet asks for a new session. */
  restart(): void {
    this.cuts.push({ fromMs: this.#roomMs, toMs: this.#roomMs + 15_000 });
    void this.#now.recognition.restart();
  }

  /** The device is stopped, listening to the end, and is off for so long. */
  async stop(offMs: number): Promise<void> {
    const fromMs = this.#roomMs;
    // Only what can be kept on disk is listened to until the last results are in.
    this.#now.deaf = this.#options.disk === "off";
    await this.#end(20_000, () => this.#now.recognition.stop(this.#now.deaf ? 0 : 450));
    this.cuts.push({ fromMs, toMs: this.#roomMs });
    this.#roomMs += offMs;
    this.#now = this.start();
  }

  /** The source is at its end: all is recognised, however long that takes; then the device stops. */
  async finish(): Promise<void> {
    const { gate, recognition } = this.#now;
    this.#now.deaf = true;
    gate.end();
    recognition.sourceEnded();
    await this.#end(3_600_000, () => recognition.stopped);
  }

  async #end(mostMs: number, stopping: () => Promise<unknown>): Promise<void> {
    const { gate, log, spool, deaf } = this.#now;
    const offer = async () => {
      while (this.#options.disk !== "off" && spool.usable && !log.spill()) await spool.written;
    };
    const offered = offer();
    if (deaf) gate.end();
    let over = false;
    const watch = async () => {
      await stopping();
      over = true;
    };
    void watch();
    for (let ms = 0; ms < mostMs && !over; ms += stepMs) {
      await this.hear(stepMs);
      await setImmediate();
    }
    assert.ok(over, "recognition ends");
    gate.end();
    await offered;
    await offer();
    await spool.close();
    spool.giveUp();
    log.close();
    this.#over();
  }

  /**
   * The process is killed; the device is off for so long.
   * @param how.settled the disk is at rest just then; if not, whatever it is doing is half done, after so many turns
   */
  async crash(offMs: number, how: { readonly settled: boolean; readonly turns: number }): Promise<void> {
    if (!how.settled) {
      this.#capture();
      for (let turn = 0; turn < how.turns; turn += 1) await setImmediate();
    }
    const { log, die } = this.#now;
    die();
    const after = path.join(this.#base, `run-${this.#runs}`);
    cpSync(this.#folder, after, { recursive: true });
    this.#folder = after;
    // What is lost, and not told yet, is known to the test.
    log.abandon(0, "stopped");
    this.#over();
    this.crashes += 1;
    this.#costOfCrash(how.settled);
    this.#roomMs += offMs;
    this.#now = this.start();
  }

  #costOfCrash(settled: boolean): void {
    const { memoryMs, maxBytes } = this.#options;
    // A disk that was full has given up what was sent, and the answer to that is gone.
    const disk = maxBytes < roomyBytes ? "off" : this.#options.disk;
    const { afterMs, pieceMs } = keepingOf(disk, memoryMs, flushMs);
    // What a gate keeps undecided, what is not yet a piece, and what was being written.
    let leftMs = afterMs + (settled ? 1 : 2) * (pieceMs + stepMs) + 800;
    for (let at = this.captured.length - 1; at >= 0 && leftMs > 0; at -= 1, leftMs -= stepMs) {
      const stretch = this.captured[at];
      if (stretch !== undefined) this.crashed.push(stretch);
    }
  }

  /** Of the run that is over. */
  #over(): void {
    const { gaps, log, spool } = this.#now;
    this.#dead.push(spool);
    this.#check();
    const ledger = log.ledger();
    const sum = (missed: boolean) => gaps.filter(isMissed(missed)).reduce((all, { lostMs }) => all + lostMs, 0);
    assert.ok(Math.abs(sum(false) - ledger.lostMs) < 0.01, `told ${sum(false)} ms, lost ${ledger.lostMs} ms`);
    assert.ok(Math.abs(sum(true) - ledger.missedMs) < 0.01, `told ${sum(true)} ms, missed ${ledger.missedMs} ms`);
    this.gaps.push(...gaps);
  }

  #check(): void {
    const ledger = this.#now.log.ledger();
    assert.ok(balances(ledger) && ledger.pendingMs >= 0, JSON.stringify(ledger));
  }

  #service(clock: ManualClock, link: () => ScriptedLink, beganMs: number) {
    const { mode, speed } = this.#options;
    if (beganMs + clock.monotonicMs() < this.#downUntilMs) {
      clock.after(0, () => link().end(cutOff));
      return {};
    }
    let service: ModelService | null = null;
    const theService = () => {
      service ??= new ModelService(mode, link(), clock, this.#random, () => this.#plan.shift() ?? "none", speed);
      return service;
    };
    clock.after(0, () => void theService());
    return {
      onText: (message: { readonly command: string }) => theService().handlers.onText(message),
      onAudio: (bytes: Uint8Array) => theService().handlers.onAudio(bytes),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#now.die();
    for (const spool of [...this.#dead, this.#now.spool]) await spool.close();
    rmSync(this.#base, { recursive: true, force: true });
  }
}

export function isMissed(missed: boolean): (gap: Gap) => boolean {
  return ({ cause }) => (cause === "capture" || cause === "overrun") === missed;
}

const frame = 20 * perMs;

/** Stands in for an ear: every word is speech, and nothing else is. */
class WordEar {
  suspects = false;

  hear(samples: Int16Array): { readonly end: number; readonly speech: boolean }[] {
    return Array.from({ length: samples.length / frame }, (_, index) => {
      const end = (index + 1) * frame;
      this.suspects = samples.subarray(end - frame, end).some((sample) => sample !== 0);
      return { end, speech: this.suspects };
    });
  }
}
