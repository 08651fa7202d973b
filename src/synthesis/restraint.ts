import type { Clock } from "../base/clock.ts";
import { diagnoseFault } from "../sis/catalogue.ts";
import type { LinkEnding } from "../sis/link.ts";
import type { Dial } from "./piece.ts";

/** The second one came after fresh credentials had been tried. */
const mostRefusals = 2;
const holdMs = 2 * 60_000;

/**
 * A dial that does not ask again for two minutes once its credentials have been refused twice in a row, but gives the
 * same answer at once: five wrong signatures lock an access key for five minutes, for recognition as well.
 */
export function restrained(dial: Dial, clock: Clock): Dial {
  let refusals = 0;
  let last: { readonly ending: LinkEnding; readonly atMs: number } | null = null;
  return (listener) => {
    if (last !== null && refusals >= mostRefusals && clock.monotonicMs() - last.atMs < holdMs) {
      const { ending } = last;
      clock.after(0, () => listener.closed(ending));
      return { sendText() {}, sendAudio() {}, ping() {}, bufferedBytes: () => 0, close() {}, destroy() {} };
    }
    return dial({
      ...listener,
      opened: () => {
        refusals = 0;
        listener.opened();
      },
      closed: (ending) => {
        if (isRefusal(ending)) {
          refusals += 1;
          last = { ending, atMs: clock.monotonicMs() };
        }
        listener.closed(ending);
      },
    });
  };
}

function isRefusal(ending: LinkEnding): boolean {
  if (ending.how === "refused") return ending.diagnosis.class === "credentials";
  return ending.how === "unreachable" && diagnoseFault(ending.fault).class === "credentials";
}
