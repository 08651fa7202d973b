/** Of the room's time, ms since the beginning. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export type GateKind = "always" | "speech" | "button";
export type Key = "talk" | "mute";

/** As the manual says. */
const preRollMs = 500;
const hangoverMs = 1_000;
const longPressMs = 3_000;
/** Speech is noticed only some frames after its beginning. */
const noticeMs = 200;

/**
 * Who may open the ear: what the manual says about the mute key, the talk key, the fleet's mute and stop, the device's own
 * voice and the gate, as a small model of its own. Its times are those at which the agent was told.
 */
export class EarRights {
  /** Who has muted the microphone. */
  mutedBy: "panel" | "fleet" | null = null;
  stopped = false;
  /** When somebody muted, unmuted, stopped or started it last. */
  latchedMs = Number.NEGATIVE_INFINITY;
  /** What was recorded, and somebody may not have wanted that. */
  readonly delivered: Stretch[] = [];
  /** What has to be recognised. */
  readonly must: Stretch[] = [];
  readonly #gate: GateKind;
  readonly #words: readonly Stretch[];
  readonly #pieceMs: number;
  readonly #tickMs: number;
  /** Muted or stopped. */
  readonly #silent: Stretch[] = [];
  #silentSinceMs: number | null = null;
  readonly #spoken: Stretch[] = [];
  #speakingSinceMs: number | null = null;
  #spokenToMs = Number.NEGATIVE_INFINITY;
  readonly #held: Stretch[] = [];
  #heldSinceMs: number | null = null;
  #lingersToMs = Number.NEGATIVE_INFINITY;
  /** What was recorded since the ear was last closed, or the recording broke off. */
  #recent: Stretch[] = [];
  #muteKey: { readonly sinceMs: number; readonly unmutes: boolean } | null = null;

  constructor(gate: GateKind, words: readonly Stretch[], pieceMs: number, tickMs: number) {
    this.#gate = gate;
    this.#words = words;
    this.#pieceMs = pieceMs;
    this.#tickMs = tickMs;
  }

  get silent(): boolean {
    return this.mutedBy !== null || this.stopped;
  }

  /** For how long nothing is to be captured by now, ms. */
  silentForMs(nowMs: number): number {
    return this.#silentSinceMs === null ? 0 : nowMs - this.#silentSinceMs;
  }

  key(key: Key, down: boolean, nowMs: number): void {
    if (key === "talk") return this.#talk(down, nowMs);
    if (down) {
      this.#muteKey = { sinceMs: nowMs, unmutes: this.mutedBy !== null };
      this.mutedBy ??= "panel";
    } else {
      const { unmutes = false, sinceMs = nowMs } = this.#muteKey ?? {};
      this.#muteKey = null;
      if (unmutes && nowMs - sinceMs < longPressMs) this.mutedBy = null;
    }
    this.#changed(nowMs);
  }

  /** The panel is there, and nobody knows what its keys were held for; or it is there no more. */
  panel(talks: boolean, nowMs: number): void {
    this.#muteKey = null;
    this.#talk(talks, nowMs);
  }

  /** Carries a command out. @returns whether that is possible */
  command(name: string, nowMs: number): boolean {
    if (name === "unmute" && this.mutedBy === "panel") return false;
    if (name === "mute") this.mutedBy ??= "fleet";
    if (name === "unmute") this.mutedBy = null;
    if (name === "stop" || name === "start") this.stopped = name === "stop";
    this.#changed(nowMs);
    return true;
  }

  /** The device speaks from now on, or is heard for so long yet. */
  speaks(nowMs: number, tailMs: number | null): void {
    if (tailMs === null) this.#speakingSinceMs ??= nowMs;
    else if (this.#speakingSinceMs !== null) {
      this.#spoken.push({ fromMs: this.#speakingSinceMs, toMs: nowMs + tailMs - this.#pieceMs });
      this.#spokenToMs = nowMs + tailMs + 2 * this.#tickMs;
      this.#speakingSinceMs = null;
    }
    this.#close();
  }

  /** The agent runs no more. What it remembers, the next one finds. */
  ends(nowMs: number): void {
    this.speaks(nowMs, this.#pieceMs);
    // Nobody starts an agent so soon that the room still echoes.
    for (const [index, { fromMs, toMs }] of this.#spoken.entries())
      this.#spoken[index] = { fromMs, toMs: Math.min(toMs, nowMs) };
    this.#spokenToMs = Number.NEGATIVE_INFINITY;
    this.panel(false, nowMs);
    this.broke();
  }

  /** What a power cut left of a mute, or of a stop. */
  finds(mutedBy: "panel" | "fleet" | null, stopped: boolean, nowMs: number): void {
    this.mutedBy = mutedBy;
    this.stopped = stopped;
    this.#changed(nowMs);
  }

  /** The recording broke off. */
  broke(): void {
    this.#close();
  }

  /** This was recorded, and has just arrived. */
  arrived(piece: Stretch): void {
    // The recorder was being ended.
    if (this.silent) return this.#close();
    this.delivered.push(piece);
    const nowMs = piece.toMs;
    if (this.#speakingSinceMs !== null || nowMs < this.#spokenToMs) return this.#close();
    this.#recent = [...this.#recent.filter(({ toMs }) => toMs > nowMs - 2_000), piece];
    const passes = this.#gate === "always" || this.#heldSinceMs !== null || nowMs < this.#lingersToMs - this.#pieceMs;
    if (passes) this.must.push(piece);
    else if (this.#gate === "speech") this.must.push(...this.#words.flatMap((word) => common(word, piece)));
  }

  /** Whether what was recorded at this time may be heard by anyone. */
  mayBeHeard(ms: number, nowMs: number): boolean {
    const open = (sinceMs: number | null) => (sinceMs === null ? [] : [{ fromMs: sinceMs, toMs: nowMs }]);
    const closed = [...this.#silent, ...open(this.#silentSinceMs), ...this.#spoken, ...open(this.#speakingSinceMs)];
    if (closed.some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs)) return false;
    if (this.#gate === "always") return true;
    const near =
      (earlyMs: number) =>
      ({ fromMs, toMs }: Stretch) =>
        ms >= fromMs - earlyMs - this.#pieceMs && ms < toMs + hangoverMs + this.#pieceMs;
    if ([...this.#held, ...open(this.#heldSinceMs)].some(near(preRollMs))) return true;
    return this.#gate === "speech" && this.#words.some(near(preRollMs + noticeMs));
  }

  #talk(down: boolean, nowMs: number): void {
    if (down === (this.#heldSinceMs !== null)) return;
    if (down) {
      const early = this.#recent.flatMap((piece) => common(piece, { fromMs: nowMs - preRollMs, toMs: nowMs }));
      if (this.#gate !== "always") this.must.push(...early);
      this.#heldSinceMs = nowMs;
    } else if (this.#heldSinceMs !== null) {
      this.#held.push({ fromMs: this.#heldSinceMs, toMs: nowMs });
      this.#heldSinceMs = null;
      // Where nothing is being recorded, nobody spoke whose last words there were to wait for.
      const records = (this.#recent.at(-1)?.toMs ?? 0) > nowMs - 2 * this.#pieceMs;
      this.#lingersToMs = records ? nowMs + hangoverMs : Number.NEGATIVE_INFINITY;
    }
  }

  #changed(nowMs: number): void {
    this.latchedMs = nowMs;
    if (this.silent === (this.#silentSinceMs !== null)) return;
    if (this.silent) this.#silentSinceMs = nowMs;
    else if (this.#silentSinceMs !== null) {
      this.#silent.push({ fromMs: this.#silentSinceMs, toMs: nowMs });
      this.#silentSinceMs = null;
    }
    this.#close();
  }

  #close(): void {
    this.#recent = [];
    this.#lingersToMs = Number.NEGATIVE_INFINITY;
  }
}

/** What two stretches have in common: one, or none. */
export function common(one: Stretch, other: Stretch): readonly Stretch[] {
  const both = { fromMs: Math.max(one.fromMs, other.fromMs), toMs: Math.min(one.toMs, other.toMs) };
  return both.toMs > both.fromMs ? [both] : [];
}
