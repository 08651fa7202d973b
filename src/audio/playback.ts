import type { Clock } from "../base/clock.ts";
import { Fault, printable, toFault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import { type ChildEnd, watchChild } from "./child-end.ts";
import { type Player, type PlayerProcess, startPlayer } from "./player.ts";
import { type PlayerFailure, playerPackages, playerRemarkOf } from "./player-words.ts";
import { exitFault, startFault } from "./program-fault.ts";
import { ProgramWords } from "./program-words.ts";
import { reap } from "./reap.ts";

export interface PlaybackOptions {
  readonly player: Player;
  /** An ALSA name: `default`, `plughw:1`, … */
  readonly device: string;
  /** Hz */
  readonly sampleRate: number;
  /** Set for the player, beside our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Sound that is given before its time, ms: enough for a machine that is held up for a moment. Default: a second. */
  readonly leadMs?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One run of a player program. */
export interface Playback {
  /** How much sound may be given now, ms: what is given cannot be taken back, so it runs ahead by `leadMs` at most. */
  readonly roomMs: number;
  /** Mono samples to be played next; any length. Nothing after `finish`. */
  give(samples: Int16Array): void;
  /** There is no more: it ends when all has been heard. */
  finish(): void;
  /** Ends at once. */
  stop(): void;
  /** Resolves when the program is gone: null when all was heard, or it was stopped. Never rejects. */
  readonly ended: Promise<Fault | null>;
}

type Cause = { readonly type: "stopped" } | ChildEnd | { readonly type: "stuck"; readonly forMs: number };

const usualLeadMs = 1_000;
/** A player whose pipe is full takes something within this, or the sound server hangs. */
const stuckMs = 4_000;
/** A player has heard to the end within this after its sound should be over. */
const drainMs = 4_000;

/** Starts a player. It is watched, and reaped whatever happens; the first reason for its end is the one reported. */
export function startPlayback(options: PlaybackOptions): Playback {
  let child: PlayerProcess;
  try {
    child = startPlayer({ ...options, env: options.env ?? {} });
  } catch (error) {
    return stillborn(toFault(error));
  }
  return new Run(child, options);
}

function stillborn(fault: Fault): Playback {
  const ended = Promise.resolve(
    new Fault("player-failed", `the player could not be started: ${printable(fault.message)}`),
  );
  return { roomMs: 0, give() {}, finish() {}, stop() {}, ended };
}

class Run implements Playback {
  readonly ended: Promise<Fault | null>;
  readonly #child: PlayerProcess;
  readonly #options: PlaybackOptions;
  readonly #ending = Promise.withResolvers<Cause>();
  readonly #words: ProgramWords<PlayerFailure>;
  /** When what was given will have been heard, monotonic ms. */
  #heardAtMs = 0;
  #unwritten = 0;
  #finished = false;
  #underruns = 0;
  #watchdog: Disposable | null = null;

  constructor(child: PlayerProcess, options: PlaybackOptions) {
    this.#child = child;
    this.#options = options;
    this.#words = new ProgramWords("player", playerRemarkOf, options.logger, () => {
      this.#underruns += 1;
    });
    this.ended = this.#live();
  }

  get roomMs(): number {
    const { leadMs = usualLeadMs, clock } = this.#options;
    return Math.max(0, leadMs - Math.max(0, this.#heardAtMs - clock.monotonicMs()));
  }

  give(samples: Int16Array): void {
    if (this.#finished || samples.length === 0) return;
    const nowMs = this.#options.clock.monotonicMs();
    this.#heardAtMs = Math.max(this.#heardAtMs, nowMs) + (samples.length * 1000) / this.#options.sampleRate;
    this.#unwritten += 1;
    if (this.#unwritten === 1) this.#watch(stuckMs);
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    this.#child.stdin.write(bytes, () => {
      this.#unwritten -= 1;
      if (!this.#finished) this.#watch(this.#unwritten === 0 ? null : stuckMs);
    });
  }

  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#child.stdin.end();
    this.#watch(Math.max(0, this.#heardAtMs - this.#options.clock.monotonicMs()) + drainMs);
  }

  stop(): void {
    this.#ending.resolve({ type: "stopped" });
  }

  async #live(): Promise<Fault | null> {
    const { clock, logger } = this.#options;
    const child = this.#child;
    const gone = watchChild(child, clock, this.#ending.resolve);
    child.stderr.on("data", (bytes: Uint8Array) => this.#words.read(bytes));
    const cause = await this.#ending.promise;
    const heard = this.#finished && cause.type === "exited" && cause.code === 0;
    this.#finished = true;
    this.#watch(null);
    if (!(await reap(child, gone, clock))) {
      logger.error("the player cannot be ended: a driver holds it up", { pid: child.pid });
    }
    if (this.#underruns > 0) logger.debug("the player ran out of sound", { times: this.#underruns });
    return cause.type === "stopped" || heard ? null : faultOf(this.#options, cause, this.#words);
  }

  /** @param forMs null: there is nothing to wait for */
  #watch(forMs: number | null): void {
    this.#watchdog?.[Symbol.dispose]();
    this.#watchdog =
      forMs === null ? null : this.#options.clock.after(forMs, () => this.#ending.resolve({ type: "stuck", forMs }));
  }
}

function faultOf(
  options: PlaybackOptions,
  cause: Exclude<Cause, { type: "stopped" }>,
  words: ProgramWords<PlayerFailure>,
): Fault {
  const { player } = options;
  const device = `device ${printable(options.device)}`;
  const { failure, line } = words.conclude();
  const said = line === "" ? "" : ` (${line})`;
  switch (cause.type) {
    case "error":
      return startFault({ role: "player", name: player, debian: playerPackages[player] }, cause.error);
    case "stuck":
      return new Fault("player-stalled", `${player} runs, but takes no sound${said}`, {
        hint: "check that the sound server answers, or plug the loudspeaker in anew",
      });
    case "exited": {
      if (failure !== null)
        return new Fault(failure.code, `${device} ${failure.message}${said}`, { hint: failure.hint });
      return exitFault({ role: "player", name: player }, cause, said);
    }
  }
}
