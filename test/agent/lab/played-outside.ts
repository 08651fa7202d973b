import type { Clock } from "../../../src/base/clock.ts";
import type { Fault } from "../../../src/base/fault.ts";
import type { SerialOptions } from "../../../src/base/serial.ts";
import type { Link, LinkListener } from "../../../src/sis/link.ts";

// Takes the place of the agent's edges: the clock, the connection to the service, the recorder and player programs, the
// panel's port, the machine's sensors, and the ear that hears speech. What each run of the agent finds there is `outside`.

export { silentDevice } from "../../../src/base/serial.ts";

export interface Outside {
  readonly clock: Clock;
  dial(options: { readonly url: URL; readonly listener: LinkListener; readonly mark: () => number }): Link;
  startRecorder(): unknown;
  startPlayer(): unknown;
  talk(options: SerialOptions, stop: AbortSignal): Promise<Fault | null>;
  startEar(): unknown;
}

/** @public by its name */
export let systemClock: Clock;
/** @public by its name */
export let dial: Outside["dial"];
/** @public by its name */
export let startRecorder: Outside["startRecorder"];
/** @public by its name */
export let startPlayer: Outside["startPlayer"];
/** @public by its name */
export let talk: Outside["talk"];
/** @public by its name */
export let startEar: Outside["startEar"];
/** @public by its name */
export const watchHost = () => ({ [Symbol.dispose]() {} });

/** What the next run of the agent finds. */
export function surround(outside: Outside): void {
  systemClock = outside.clock;
  dial = (options) => outside.dial(options);
  startRecorder = () => outside.startRecorder();
  startPlayer = () => outside.startPlayer();
  talk = (options, stop) => outside.talk(options, stop);
  startEar = () => outside.startEar();
}
