import type { Fault } from "../base/fault.ts";
import type { SpeechError } from "./report.ts";

/** What became of a text, and why. */
export type Outcome =
  | ({ readonly result: "spoken" } & Account)
  /** The service did not speak it, or not to the end. */
  | ({ readonly result: "unspoken"; readonly error: SpeechError } & Account)
  /** It could not be played or written. */
  | ({ readonly result: "unheard"; readonly fault: Fault } & Account)
  | ({ readonly result: "cancelled"; readonly reason: string } & Account)
  /** Its time had passed before its turn came. */
  | { readonly result: "expired" }
  /** It was not taken. */
  | { readonly result: "refused"; readonly reason: "queue-full" | "nothing-to-say" | "stopped" };

/**
 * What is told of synthesis as it goes. `fetched`: the service has given all the sound of a piece, which may be heard
 * later, or not at all.
 */
export type SpeechNews = SpeechError | Outcome | { readonly result: "fetched" };

/** What was done for a text, in whatever way it ended. */
export interface Account {
  /** Sound that was given to the speaker, ms. */
  readonly spokenMs: number;
  /** From the beginning of its turn to the first sound given to the speaker, ms; null: there was none. */
  readonly firstSoundMs: number | null;
  /** How often the service had to be asked again. */
  readonly retries: number;
  /** How often a piece was begun again after some of it had been heard. */
  readonly repeats: number;
}
