import { readFileSync } from "node:fs";

/** What the agent's process held at one moment, and had done until then. Bytes, where nothing else is said. */
export interface Sample {
  /** Since the process began. */
  readonly upMs: number;
  /** Since the sample before: what `busy` is of. */
  readonly lastMs: number;
  readonly rss: number;
  /** Of it, what is not a part of a file, such as the program itself. */
  readonly own: number;
  /** What V8 has of the kernel for its heap, and of that, what objects are in. */
  readonly heapHeld: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly descriptors: number;
  /** Timers, sockets, files and children that Node keeps open. */
  readonly handles: number;
  /** In its state folder. */
  readonly stateBytes: number;
  /** It has logged until then. */
  readonly logBytes: number;
  /** Turns of the event loop, and events in them, since the process began. */
  readonly loops: number;
  readonly events: number;
  /** Share of the time in which the loop did something. */
  readonly busy: number;
  /** null: not looked at (yet). */
  readonly profile: Profile | null;
}

/** What was put on V8's heap, and taken off it, in a part of the run. */
export interface Profile {
  readonly ms: number;
  readonly allocated: number;
  readonly collections: number;
  /** How long they took. */
  readonly pausedMs: number;
}

/** Reads what `sampler.ts` wrote; a last line that is not whole is left out. */
export function readSamples(file: string): Sample[] {
  return (
    readFileSync(file, "utf8")
      .split("\n")
      .slice(0, -1)
      // It is our own module at the other end.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      .map((line) => JSON.parse(line) as Sample)
  );
}
