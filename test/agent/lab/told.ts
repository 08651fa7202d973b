import assert from "node:assert/strict";
import { balances, type Gap, type Ledger } from "../../../src/audio/log.ts";
import type { LogFields } from "../../../src/base/logger.ts";
import type { FleetMessage } from "../../../src/fleet/fleet.ts";
import type { PlayedBroker } from "../../fleet/lab/played-broker.ts";
import type { EarRights, Stretch } from "./ear-rights.ts";
import type { PlayedPanel } from "./played-panel.ts";

const up = "sis/v1/lab/kiosk/up/";
/** A panel is told ten times a second at most. */
const lampMs = 180;

interface Answer {
  readonly name: string;
  readonly id: string;
  readonly status: string;
  readonly reason: string;
  /** What the model says of it. */
  readonly possible: boolean;
}

/** What a device tells of who has opened its ear: to its fleet, on its panel, in its log. */
export class Told {
  readonly #rights: EarRights;
  readonly #panel: PlayedPanel;
  readonly #broker: PlayedBroker;
  readonly #now: () => number;
  readonly #answers: Answer[] = [];
  readonly #possible = new Map<string, boolean>();
  readonly #errors: string[] = [];
  #state: { readonly phase: string; readonly reason: string } = { phase: "starting", reason: "" };
  /** Of the run that was stopped last. */
  ledger: Ledger | null = null;

  constructor(rights: EarRights, panel: PlayedPanel, broker: PlayedBroker, now: () => number) {
    this.#rights = rights;
    this.#panel = panel;
    this.#broker = broker;
    this.#now = now;
  }

  /** A new run begins. */
  begin(): void {
    this.#state = { phase: "starting", reason: "" };
  }

  message({ topic, payload }: FleetMessage): void {
    if ("phase" in payload) this.#state = payload;
    if (!topic.startsWith(`${up}command/`) || !("result" in payload)) return;
    const [name = "", id = ""] = topic.slice(up.length + 8).split("/");
    const { status, reason } = payload;
    if (status === "executing") this.#possible.set(id, this.#rights.command(name, this.#now()));
    if (status === "succeeded" || status === "failed")
      this.#answers.push({ name, id, status, reason, possible: this.#possible.get(id) ?? false });
  }

  logged(message: string, fields: LogFields = {}): void {
    if (/accounts of the sound|disk cannot keep/.test(message)) this.#errors.push(message);
    if (message !== "the agent has stopped") return;
    const number = (name: keyof Ledger) => Number(fields[name]);
    this.ledger = {
      capturedMs: number("capturedMs"),
      resumedMs: number("resumedMs"),
      acknowledgedMs: number("acknowledgedMs"),
      withheldMs: number("withheldMs"),
      mutedMs: number("mutedMs"),
      speakingMs: number("speakingMs"),
      pendingMs: number("pendingMs"),
      lostMs: number("lostMs"),
      missedMs: number("missedMs"),
    };
  }

  /** Commands, of so many, of which the fleet was not told what became of them. */
  unanswered(commands: number): readonly string[] {
    const ended = this.#broker.arrivals.flatMap(({ topic, payload }) =>
      payload["status"] === "succeeded" || payload["status"] === "failed" ? [topic.split("/").at(-1)] : [],
    );
    return Array.from({ length: commands }, (_, index) => `c${index + 1}`).filter((id) => !ended.includes(id));
  }

  /** What the device shows, tells and answers is so. */
  check(): void {
    const { mutedBy, silent } = this.#rights;
    const { phase, reason } = this.#state;
    assert.equal(phase === "muted", silent, `phase ${phase}, muted by ${mutedBy}`);
    const why = mutedBy !== null ? "the microphone is muted" : "stopped by the fleet: the command start";
    if (silent) assert.ok(reason.startsWith(why), reason);
    const broker = this.#broker;
    if (broker.line?.isOpen === true) assert.equal(broker.retained.get(`${up}state`)?.["phase"], phase);
    this.#checkPanel();
    for (const { name, id, status, reason: says, possible } of this.#answers) {
      const excused = name === "say" || says.startsWith("the agent ended");
      if (!excused) assert.equal(status === "succeeded", possible, `${name} ${id} ${status}: ${says}`);
    }
    assert.deepEqual(this.#errors, []);
  }

  #checkPanel(): void {
    const { mutedBy, silent, latchedMs } = this.#rights;
    const { isHeard, face, showsTest } = this.#panel;
    if (!isHeard || this.#now() - latchedMs <= lampMs || face.phase === "t" || face.phase === "?") return;
    assert.equal(face.phase === "m", silent, `lamp ${face.phase}`);
    if (!silent) return;
    assert.equal(face.level, 0);
    if (showsTest) return;
    if (mutedBy !== null) assert.equal(face.text, "muted");
    else assert.ok(face.text.startsWith("muted: stopped by the fleet"), face.text);
  }

  /** The accounts of the run that has just stopped. @param gaps what it told of as lost, since it began at `beganMs` */
  checkLedger(beganMs: number, gaps: readonly Gap[]): void {
    const { ledger } = this;
    assert.ok(ledger !== null && balances(ledger), JSON.stringify(ledger));
    const sum = (stretches: readonly Stretch[]) => stretches.reduce((all, { fromMs, toMs }) => all + toMs - fromMs, 0);
    const deliveredMs = sum(this.#rights.delivered.filter(({ fromMs }) => fromMs >= beganMs));
    assert.equal(ledger.capturedMs - ledger.resumedMs, deliveredMs);
    const lost = gaps.filter(({ cause }) => cause !== "capture" && cause !== "overrun");
    const toldMs = lost.reduce((all, { lostMs }) => all + lostMs, 0);
    assert.ok(Math.abs(toldMs - ledger.lostMs) < 0.01, `told ${toldMs} ms, lost ${ledger.lostMs} ms`);
  }
}
