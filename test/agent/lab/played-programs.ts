import { EventEmitter } from "node:events";
import type { ManualClock } from "../../lab/manual-clock.ts";

/** How long a program takes to obey. */
const partingMs = 20;
let pids = 0;

/** A program that was started: a recorder or a player, as child_process would show it. */
class PlayedProgram extends EventEmitter {
  readonly pid = (pids += 1);
  readonly stderr = Object.assign(new EventEmitter(), { destroy() {} });
  alive = true;
  protected readonly clock: ManualClock;

  constructor(clock: ManualClock) {
    super();
    this.clock = clock;
  }

  kill(signal: string): void {
    if (signal !== "SIGCONT") this.clock.after(partingMs, () => this.exit(null, signal));
  }

  unref(): void {}

  exit(code: number | null, signal: string | null): void {
    if (!this.alive) return;
    this.alive = false;
    this.emit("exit", code, signal);
    this.emit("close");
  }
}

export class PlayedRecorder extends PlayedProgram {
  readonly stdin = null;
  readonly stdout = Object.assign(new EventEmitter(), { destroy: () => void (this.#shut = true) });
  #shut = false;
  /** What it has recorded and not written yet begins there. */
  fromMs: number;

  constructor(clock: ManualClock, fromMs: number) {
    super(clock);
    this.fromMs = fromMs;
  }

  /** Somebody takes what it writes. */
  get isHeard(): boolean {
    return this.alive && !this.#shut && this.stdout.listenerCount("data") > 0;
  }

  write(samples: Int16Array): void {
    this.stdout.emit("data", Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength));
  }
}

export class PlayedPlayer extends PlayedProgram {
  readonly stdout = null;
  readonly stdin: object;
  #heardToMs = 0;

  /** @param bytesPerMs of its sound @param sounds told of its first sound */
  constructor(clock: ManualClock, bytesPerMs: number, sounds: () => void) {
    super(clock);
    this.stdin = {
      on() {},
      destroy() {},
      write: (bytes: Uint8Array, taken: () => void) => {
        sounds();
        this.#heardToMs = Math.max(this.#heardToMs, clock.monotonicMs()) + bytes.length / bytesPerMs;
        queueMicrotask(taken);
      },
      end: () => void clock.after(this.#heardToMs - clock.monotonicMs(), () => this.exit(0, null)),
    };
  }
}
