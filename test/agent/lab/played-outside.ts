import type { Clock } from "../../../src/base/clock.ts";
import type { Fault } from "../../../src/base/fault.ts";
import * as serial from "../../../src/base/serial.ts";
import type { Link, LinkListener } from "../../../src/sis/link.ts";

// Takes the place of the agent's edges: the clock, the connection to the service, the recorder and player programs, the
// panel's port, the machine's sensors, and the ear that hears speech. What each run of the agent finds there is `outside`.

export interface Outside {
  readonly clock: Clock;
  dial(options: { readonly url: URL; readonly listener: LinkListener; readonly mark: () => number }): Link;
  startRecorder(): unknown;
  startPlayer(): unknown;
  talk(options: serial.SerialOptions, stop: AbortSignal): Promise<Fault | null>;
  startEar(): unknown;
}

let here: Outside | null = null;

function outside(): Outside {
  if (here === null) throw new Error("nobody has said what is outside");
  return here;
}

/** Each run keeps its own. @public by its name */
// oxlint-disable-next-line import/no-mutable-exports -- an import shows what it is just then
export let systemClock: Clock;
/** @public by its name */
export const { silentDevice } = serial;
/** @public by its name */
export const dial: Outside["dial"] = (options) => outside().dial(options);
/** @public by its name */
export const startRecorder = () => outside().startRecorder();
/** @public by its name */
export const startPlayer = () => outside().startPlayer();
/** @public by its name */
export const talk: Outside["talk"] = (options, stop) => outside().talk(options, stop);
/** @public by its name */
export const startEar = () => outside().startEar();
/** @public by its name */
export const watchHost = () => ({ [Symbol.dispose]() {} });

/** What the next run of the agent finds. */
export function surround(by: Outside): void {
  here = by;
  systemClock = by.clock;
}
