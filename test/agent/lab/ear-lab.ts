import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Agent } from "../../../src/agent.ts";
import type { Gap } from "../../../src/audio/log.ts";
import { keepingOf } from "../../../src/audio/store.ts";
import type { Report, Transcript } from "../../../src/recognition/report.ts";
import { PlayedBroker } from "../../fleet/lab/played-broker.ts";
import { brokers } from "../../fleet/lab/stand-in-line.ts";
import { ManualClock } from "../../lab/manual-clock.ts";
import type { ScriptedLink } from "../../lab/scripted-link.ts";
import { cutOff } from "../../lab/service-lab.ts";
import { type EarOptions, flushMs, settingsOf } from "./ear-options.ts";
import { EarRights, type Stretch } from "./ear-rights.ts";
import { type Card, cards } from "./played-card.ts";
import { surround } from "./played-outside.ts";
import { PlayedPanel } from "./played-panel.ts";
import { PlayedPlayer, PlayedRecorder } from "./played-programs.ts";
import { PlayedService } from "./played-service.ts";
import { perMs, Room } from "./room.ts";
import { standIn } from "./stand-ins.ts";
import { Told } from "./told.ts";

// A whole agent in a room, run after run: its clock, its memory card's time, the programs, the panel, the broker and the
// service are played, and all between is the product.

standIn();
const { startAgent } = await import("../../../src/agent.ts");

interface Life {
  readonly clock: ManualClock;
  readonly card: Card;
  readonly beganMs: number;
  readonly agent: Agent;
  readonly gaps: Gap[];
}

export const beginMs = Date.UTC(2026, 0, 1);
export const tickMs = 60;
const tailMs = 300;
/** From a program's start to its first sound. */
const startMs = 120;

export class EarLab {
  readonly rights: EarRights;
  readonly panel: PlayedPanel;
  readonly broker = new PlayedBroker();
  readonly told: Told;
  readonly transcripts: { readonly transcript: Transcript; readonly run: number }[] = [];
  readonly gaps: Gap[] = [];
  /** What the service and the disk were given. */
  readonly sent: Stretch[] = [];
  readonly kept: Stretch[] = [];
  /** What a crash may have cost, and what it may have cut. */
  readonly crashed: Stretch[] = [];
  readonly cuts: Stretch[] = [];
  crashes = 0;
  commands = 0;
  roomMs = 0;
  downUntilMs = 0;
  deafUntilMs = 0;
  readonly #options: EarOptions;
  readonly #room: Room;
  readonly #service: PlayedService;
  readonly #folder = mkdtempSync(join(tmpdir(), "ear-"));
  #links: ScriptedLink[] = [];
  #recorders: PlayedRecorder[] = [];
  #players: PlayedPlayer[] = [];
  #lives = 0;
  #clock = new ManualClock(beginMs);
  #life: Life;

  constructor(options: EarOptions) {
    this.#options = options;
    this.#room = new Room(options.words);
    this.#service = new PlayedService(options, this.#room, this.sent);
    this.rights = new EarRights(
      options.gate,
      options.words.map(({ startMs: fromMs, endMs: toMs }) => ({ fromMs, toMs })),
      options.pieceTicks * tickMs,
      tickMs,
    );
    this.panel = new PlayedPanel(this.rights, () => this.nowMs);
    this.told = new Told(this.rights, this.panel, this.broker, () => this.nowMs);
    mkdirSync(join(this.#folder, "card"));
    this.#life = this.#start();
  }

  /** The room's time, to the millisecond. */
  get nowMs(): number {
    return this.#clock.wallMs() - beginMs;
  }

  #start(): Life {
    this.#lives += 1;
    const run = this.#lives;
    const name = `life-${run}`;
    const clock = new ManualClock(beginMs + this.roomMs);
    this.#clock = clock;
    const onSound = (bytes: Buffer) => this.kept.push(...this.#room.timesOfFrame(bytes));
    const card: Card = { clock, delayMs: this.#options.cardMs, dead: false, onSound };
    const gaps: Gap[] = [];
    const beganMs = this.roomMs;
    symlinkSync("card", join(this.#folder, name));
    cards.set(name, card);
    brokers.set(name, this.broker);
    const alive = () => !card.dead;
    surround({
      clock,
      dial: ({ url, listener, mark }) => {
        const link = this.#service.dial(clock, url.pathname.includes("rtts") ? "voice" : "ear", listener, mark);
        if (this.nowMs < this.downUntilMs) clock.after(0, () => link.end(cutOff));
        this.#links.push(link);
        return link;
      },
      startRecorder: () => {
        const recorder = new PlayedRecorder(clock, this.nowMs + startMs);
        if (this.nowMs < this.deafUntilMs) clock.after(30, () => recorder.exit(1, null));
        this.#recorders.push(recorder);
        return recorder;
      },
      startPlayer: () => {
        const player = new PlayedPlayer(clock, 2 * perMs, () => alive() && this.#speaks(null));
        player.on("exit", () => alive() && this.#speaks(tailMs));
        this.#players.push(player);
        return player;
      },
      talk: (serial, stop) => this.panel.talk(serial, stop),
      startEar: () => this.#room.ear(),
    });
    this.told.begin();
    const agent = startAgent({
      settings: settingsOf(this.#options, name, join(this.#folder, name, "state"), tailMs),
      secrets: {
        service: { method: "none" },
        broker: { password: undefined, ca: undefined, cert: undefined, key: undefined },
      },
      version: "1",
      build: "test",
      logger: {
        debug() {},
        info: (message, fields) => this.told.logged(message, fields),
        warn() {},
        error: (message) => this.told.logged(message),
      },
      onReport: (report) => alive() && this.#reported(report, run, gaps),
      onMessage: (message) => alive() && this.told.message(message),
    });
    return { clock, card, beganMs, agent, gaps };
  }

  #speaks(tail: number | null): void {
    if (!this.#options.bargeIn) this.rights.speaks(this.nowMs, tail);
  }

  #reported(report: Report, run: number, gaps: Gap[]): void {
    if (report.type === "gap") gaps.push(report);
    if (report.type === "transcript" && report.transcript.final)
      this.transcripts.push({ transcript: report.transcript, run });
  }

  /** Time passes in the room. */
  async pass(ms: number, until: () => boolean = () => false): Promise<void> {
    await setImmediate();
    for (let done = 0; done < ms && !until(); done += tickMs) {
      this.#life.clock.advance(tickMs);
      this.roomMs += tickMs;
      this.panel.tick();
      this.#record();
      await setImmediate();
      this.#checkSilence();
    }
  }

  #record(): void {
    this.#recorders = this.#recorders.filter(({ alive }) => alive);
    assert.ok(this.#recorders.length <= 1, "one recorder at a time");
    const [recorder] = this.#recorders;
    const piece = recorder === undefined ? null : { fromMs: recorder.fromMs, toMs: this.roomMs };
    if (recorder === undefined || piece === null || piece.toMs - piece.fromMs < this.#options.pieceTicks * tickMs)
      return;
    recorder.fromMs = this.roomMs;
    if (!recorder.isHeard) return;
    this.rights.arrived(piece);
    recorder.write(this.#room.sound(piece));
  }

  #checkSilence(): void {
    if (this.rights.silentForMs(this.nowMs) <= 3 * tickMs) return;
    assert.deepEqual(
      this.#recorders.filter(({ alive }) => alive),
      [],
      "nothing is recorded",
    );
  }

  /** Nothing waits to be sent, and no answer is waited for. */
  get isDone(): boolean {
    return this.#life.agent.backlogMs() === 0 && this.#links.every(({ ended }) => ended);
  }

  command(name: string): void {
    this.commands += 1;
    const time = (ms: number) => new Date(this.#life.clock.wallMs() + ms).toISOString();
    this.broker.command({
      topic: `sis/v1/lab/kiosk/dn/command/${name}/c${this.commands}`,
      payload: JSON.stringify({
        v: 1,
        ts: time(0),
        args: name === "say" ? { text: "hello" } : {},
        not_after: time(3_600_000),
      }),
    });
  }

  outage(ms: number): void {
    this.downUntilMs = this.roomMs + ms;
    for (const link of this.#links) link.end(cutOff);
  }

  /** The microphone is pulled out for so long. */
  deafen(ms: number): void {
    this.deafUntilMs = this.roomMs + ms;
    for (const recorder of this.#recorders) recorder.exit(1, null);
    this.rights.broke();
  }

  /** The agent is stopped, and is off for so long. @param meanwhile happens while it stops */
  async stop(offMs: number, meanwhile: () => void = () => {}): Promise<void> {
    const fromMs = this.roomMs;
    const life = this.#life;
    let over = false;
    const stopping = async () => {
      await life.agent.stop("restart");
      over = true;
    };
    void stopping();
    await this.pass(tickMs);
    meanwhile();
    await this.pass(20_000, () => over);
    assert.ok(over, "it stops");
    this.told.checkLedger(life.beganMs, life.gaps);
    this.cuts.push({ fromMs, toMs: this.roomMs });
    this.#over();
    this.#next(offMs);
  }

  /** Its power is cut. */
  crash(offMs: number): void {
    this.crashes += 1;
    this.#over();
    const { disk, memorySeconds, pieceTicks } = this.#options;
    const { afterMs, pieceMs } = keepingOf(disk, memorySeconds * 1_000, flushMs);
    let leftMs = disk === "off" ? Number.POSITIVE_INFINITY : afterMs + pieceMs + 1_000 + 2 * pieceTicks * tickMs;
    for (const piece of this.rights.delivered.toReversed()) {
      if (leftMs <= 0) break;
      leftMs -= piece.toMs - piece.fromMs;
      this.crashed.push(piece);
    }
    const justNow = this.#options.cardMs > 0 && this.roomMs - this.rights.latchedMs < 60 * tickMs;
    this.#next(offMs);
    if (!justNow) return;
    const fileOf = (name: string) => join(this.#folder, "card", "state", name);
    const muted = fileOf("muted");
    const mutedBy = existsSync(muted) ? (readFileSync(muted, "utf8") === "fleet\n" ? "fleet" : "panel") : null;
    this.rights.finds(mutedBy, existsSync(fileOf("stopped")), this.roomMs);
  }

  #over(): void {
    const { card, gaps } = this.#life;
    card.dead = true;
    this.gaps.push(...gaps);
    this.rights.ends(this.nowMs);
    this.panel.forget();
    this.broker.vanished();
    for (const program of [...this.#recorders, ...this.#players]) program.alive = false;
    this.#recorders = [];
    this.#players = [];
    this.#links = [];
  }

  #next(offMs: number): void {
    this.roomMs += offMs;
    this.#life = this.#start();
  }

  [Symbol.dispose](): void {
    this.#life.card.dead = true;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
