import { type Hole, type Holes, type Withheld, withheldKinds } from "./holes.ts";
import type { Position } from "./timeline.ts";

/** Where every captured millisecond is: captured = acknowledged + pending + lost. `missed` never got here. */
export interface Ledger {
  readonly capturedMs: number;
  /** Of what was captured: an earlier run left it on disk. */
  readonly resumedMs: number;
  readonly acknowledgedMs: number;
  /** Of what is acknowledged: never sent. Nobody spoke, or one of the next two. */
  readonly withheldMs: number;
  /** Of what was withheld: somebody had muted the microphone. */
  readonly mutedMs: number;
  /** Of what was withheld: the device itself spoke. */
  readonly speakingMs: number;
  readonly pendingMs: number;
  readonly lostMs: number;
  readonly missedMs: number;
}

/** Keeps count of what became of the sound in the log. Everything but the ledger is in samples. */
export class Accounts {
  readonly #samplesPerMs: number;
  readonly #origin: Position;
  readonly #resumed: number;
  readonly #absent: number;
  #lost = 0;
  readonly #withheld: Record<Withheld, number> = { silence: 0, muted: 0, speaking: 0 };
  #missedMs = 0;
  /** Of what lies before the settled position: what was lost, and what was never there. */
  #unacknowledged = 0;

  /**
   * @param start where the log begins
   * @param resumedTo up to where an earlier run captured it
   * @param absent how much of that is not there
   */
  constructor(samplesPerMs: number, start: Position, resumedTo: Position, absent: number) {
    this.#samplesPerMs = samplesPerMs;
    this.#origin = start;
    this.#absent = absent;
    this.#resumed = resumedTo - start - absent;
  }

  lost(samples: number): void {
    this.#lost += samples;
  }

  withheld(samples: number, why: Withheld): void {
    this.#withheld[why] += samples;
  }

  missed(ms: number): void {
    this.#missedMs += ms;
  }

  /** The settled position has passed these holes. */
  passed(holes: readonly Hole[]): void {
    for (const { kind, from, to } of holes) if (kind === "lost" || kind === "absent") this.#unacknowledged += to - from;
  }

  /** Acknowledged and pending are counted from the positions, lost by itself: that they add up to what was captured can fail. */
  ledger(settled: Position, head: Position, holes: Holes): Ledger {
    const { silence, muted, speaking } = this.#withheld;
    const withheldAhead = withheldKinds.reduce((sum, kind) => sum + holes.within(settled, head, kind), 0);
    return {
      capturedMs: (head - this.#origin - this.#absent) / this.#samplesPerMs,
      resumedMs: this.#resumed / this.#samplesPerMs,
      acknowledgedMs: (settled - this.#origin - this.#unacknowledged + withheldAhead) / this.#samplesPerMs,
      withheldMs: (silence + muted + speaking) / this.#samplesPerMs,
      mutedMs: muted / this.#samplesPerMs,
      speakingMs: speaking / this.#samplesPerMs,
      pendingMs: (head - settled - holes.within(settled, head)) / this.#samplesPerMs,
      lostMs: this.#lost / this.#samplesPerMs,
      missedMs: this.#missedMs,
    };
  }
}

/** Whether every captured millisecond is where the ledger says. */
export function balances(ledger: Ledger): boolean {
  const difference = ledger.capturedMs - ledger.acknowledgedMs - ledger.pendingMs - ledger.lostMs;
  return Math.abs(difference) < 0.01;
}
