import type { Span } from "../../src/simulator/alsa-room.ts";
import type { SimulatorState } from "../../src/simulator/ledger.ts";
import { type NumberShape, numberWord } from "../../src/simulator/numbers.ts";

/** How things are at one moment. Times are of `performance.now()`, ms. */
interface Look {
  readonly atMs: number;
  /** The session that is open, by its number; null: none. */
  readonly session: number | null;
  /** The audio that it has been sent, ms. */
  readonly audioMs: number;
  /** The sound that recorders have given until now, ms. */
  readonly capturedMs: number;
  /** What had been captured where the session's first audio comes from, ms, as the next number in the session told; null: not yet. */
  originMs: number | null;
  /** Sound comes from a recorder. */
  readonly capturing: boolean;
}

/** A recorder that has given nothing for so long is away, ms. */
const capturePauseMs = 350;
/** It stays live for so long, or it was not. */
const stableMs = 1000;
/** Between two sessions there may be none for so long. */
const betweenSessionsMs = 500;
/** What was longer ago is forgotten. */
const memoryMs = 600_000;

/**
 * Whether sound flows live: from the room through recorder, agent and network into the service's ear, with no backlog.
 * The service hears numbers, so it shows which part of the room's sound it is at; nobody need be believed.
 */
export class Liveness {
  readonly #shape: NumberShape;
  readonly #lagMs: number;
  #looks: Look[] = [];
  /** By session, the same as the latest number told. */
  readonly #origins = new Map<number, number>();
  #latest: SimulatorState["results"][number] | null = null;
  #open: number | null = null;

  /** @param lagMs sound that is no further behind is live */
  constructor(shape: NumberShape, lagMs: number) {
    this.#shape = shape;
    this.#lagMs = lagMs;
  }

  /** Takes a look. @param heard what recorders have given, ms of the room's time; `roomMs` is its now */
  look(
    state: Pick<SimulatorState, "sessions" | "results">,
    heard: readonly Span[],
    roomMs: number,
    atMs: number,
  ): void {
    for (const { session, text, start_ms } of this.#newsOf(state.results)) {
      const first = text?.split(" ")[0] ?? "";
      if (first.length !== this.#shape.digits || !(Number(first) >= 1)) continue;
      const originMs = capturedBefore(heard, numberWord(Number(first), this.#shape).startMs) - start_ms;
      this.#origins.set(session, originMs);
      for (const look of this.#looks) if (look.session === session) look.originMs ??= originMs;
    }
    const session = state.sessions.last.findLast(({ ended }) => ended === null);
    this.#open = session?.number ?? null;
    this.#looks.push({
      atMs,
      session: this.#open,
      audioMs: session?.audio_ms ?? 0,
      capturedMs: capturedBefore(heard, Number.POSITIVE_INFINITY),
      originMs: null,
      capturing: roomMs - (heard.at(-1)?.to ?? Number.NEGATIVE_INFINITY) < capturePauseMs,
    });
    if ((this.#looks[0]?.atMs ?? atMs) < atMs - memoryMs) this.#looks = this.#looks.slice(this.#looks.length / 2);
  }

  /** What has been told since the last look; the service forgets the oldest. */
  #newsOf(results: SimulatorState["results"]): SimulatorState["results"] {
    const seen = this.#latest === null ? -1 : results.lastIndexOf(this.#latest);
    this.#latest = results.at(-1) ?? null;
    return results.slice(seen + 1);
  }

  /** The first moment from `sinceMs` on at which sound flowed live; null: none yet, or not known yet. */
  liveFrom(sinceMs: number): number | null {
    let candidate: Look | null = null;
    let lastGoodMs = sinceMs;
    for (const look of this.#looks) {
      if (look.atMs < sinceMs) continue;
      const verdict = this.#verdict(look);
      if (verdict === "unknown") return null;
      if (verdict === "behind" || (verdict === "no session" && look.atMs - lastGoodMs > betweenSessionsMs)) {
        candidate = null;
      }
      if (verdict !== "live") continue;
      candidate ??= look;
      lastGoodMs = look.atMs;
      if (look.atMs - candidate.atMs >= stableMs) return candidate.atMs;
    }
    return null;
  }

  /** For how long sound has been flowing live without a break, ms. */
  wellForMs(): number {
    const broken = this.#looks.findLast((look) => ["behind", "unknown"].includes(this.#verdict(look)));
    const since = broken ?? this.#looks[0];
    return (this.#looks.at(-1)?.atMs ?? 0) - (since?.atMs ?? 0);
  }

  #verdict({ session, audioMs, capturedMs, capturing, originMs }: Look): "live" | "behind" | "no session" | "unknown" {
    if (!capturing) return "behind";
    if (session === null) return "no session";
    const origin = originMs ?? this.#origins.get(session);
    // A session that ended without a number was of no use.
    if (origin === undefined) return session === this.#open ? "unknown" : "behind";
    return capturedMs - (origin + audioMs) <= this.#lagMs ? "live" : "behind";
  }
}

/** How much of the sound before `roomMs` recorders have given, ms. */
function capturedBefore(heard: readonly Span[], roomMs: number): number {
  return heard.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, roomMs) - from), 0);
}
