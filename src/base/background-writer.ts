import type { Clock } from "./clock.ts";
import { diskFault } from "./disk-fault.ts";
import { type Fault, printable } from "./fault.ts";

/** Hears how a write went: what was wrong, or null where it succeeded. */
export type DiskListener = (fault: Fault | null) => void;

export interface BackgroundWriterOptions {
  /** For messages. */
  readonly path: string;
  /** Brings the disk up to date. Rejects with an error of the operating system. */
  readonly write: () => Promise<void>;
  /** From a request to its write: what is asked for meanwhile goes with it. */
  readonly delayMs: number;
  readonly clock: Clock;
  readonly onDisk: DiskListener;
}

/** Writes that nobody waits for: one at a time, tried again when the disk fails, never more than one more due. */
export interface BackgroundWriter {
  /** The disk is no longer up to date. Returns at once. */
  request(): void;
  /** Writes now what is due; resolves when that, and what was under way, is over, well or not. */
  flush(): Promise<void>;
  /** Lets go of the timer: nothing is written by itself from now on. */
  close(): void;
}

type State =
  | { readonly phase: "idle" }
  | { readonly phase: "due"; readonly timer: Disposable }
  /** `again`: asked for while it runs. */
  | { readonly phase: "writing"; readonly done: Promise<void>; readonly again: boolean }
  | { readonly phase: "closed" };

/** A disk that failed is tried again after this. */
const retryMs = 30_000;

export function backgroundWriter(options: BackgroundWriterOptions): BackgroundWriter {
  const { path, write, delayMs, clock, onDisk } = options;
  let state: State = { phase: "idle" };

  function due(inMs: number): void {
    state = { phase: "due", timer: clock.after(inMs, () => void run()) };
  }

  function run(): Promise<void> {
    const done = attempt();
    state = { phase: "writing", done, again: false };
    return done;
  }

  async function attempt(): Promise<void> {
    let fault: Fault | null = null;
    try {
      await write();
    } catch (error) {
      fault = diskFault(`${printable(path)} cannot be written`, error);
    }
    if (state.phase === "writing") {
      const { again } = state;
      if (fault !== null) due(retryMs);
      else if (again) due(delayMs);
      else state = { phase: "idle" };
    }
    onDisk(fault);
  }

  return {
    request() {
      if (state.phase === "idle") due(delayMs);
      else if (state.phase === "writing") state = { ...state, again: true };
    },
    async flush() {
      if (state.phase === "writing") await state.done;
      if (state.phase === "due") {
        state.timer[Symbol.dispose]();
        await run();
      } else if (state.phase === "writing") {
        // Another flush was quicker: what is due is being written already.
        await state.done;
      }
    },
    close() {
      if (state.phase === "due") state.timer[Symbol.dispose]();
      state = { phase: "closed" };
    },
  };
}

/** One disk, several files: it is well when all of them can be written. */
export function diskHealth(listener: DiskListener): (file: string) => DiskListener {
  const failing = new Set<string>();
  return (file) => (fault) => {
    if (fault === null) failing.delete(file);
    else failing.add(file);
    if (fault !== null || failing.size === 0) listener(fault);
  };
}
