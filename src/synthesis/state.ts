import type { Fault } from "../base/fault.ts";
import type { Random } from "../base/random.ts";
import type { LinkEnding } from "../sis/link.ts";
import type { Reply } from "../sis/reply.ts";
import type { SpeechError, SpeechIrregularity } from "./report.ts";
import type { Tries } from "./retry.ts";

/** The life of one piece of text: one connection at a time, one START on it. */
export type State = { readonly tries: Tries } & (
  | { readonly phase: "idle" } // its turn has not come
  | { readonly phase: "connecting" }
  | { readonly phase: "starting" } // START sent
  | { readonly phase: "hearing"; readonly bytes: number } // START answered; `bytes` of sound have come
  | { readonly phase: "waiting" } // no connection: connect again at the deadline
  | { readonly phase: "done" } // all its sound is here
  | { readonly phase: "failed"; readonly error: SpeechError }
  | { readonly phase: "cancelled" }
);
export type Phase = State["phase"];
export type StateOf<P extends Phase> = Extract<State, { readonly phase: P }>;

export type Event =
  | Reply
  | { readonly type: "begin" }
  | { readonly type: "opened" }
  | { readonly type: "sound"; readonly bytes: Uint8Array }
  | { readonly type: "malformed"; readonly fault: Fault }
  | { readonly type: "closed"; readonly ending: LinkEnding }
  | { readonly type: "deadline" } // what the last `wait` asked for
  | { readonly type: "cancel" };
export type EventType = Event["type"];
export type EventOf<E extends EventType> = Extract<Event, { readonly type: E }>;

/** What the shell has to do, in order. */
export type Effect =
  | { readonly do: "connect" }
  | { readonly do: "start" } // send START
  | { readonly do: "keep"; readonly bytes: Uint8Array } // the next sound of the piece
  | { readonly do: "void" } // the sound of this attempt counts no more: the piece begins again
  | { readonly do: "close" } // politely; what the connection still says is not heard
  | { readonly do: "wait"; readonly ms: number } // send `deadline` then; another `wait` replaces it, leaving the phase cancels it
  | { readonly do: "renew-credentials"; readonly serverDateMs: number | null }
  | { readonly do: "report"; readonly error: SpeechError }
  | { readonly do: "note"; readonly irregularity: SpeechIrregularity };

/** How much sound of a text is too little, and too much, bytes. */
export interface SoundBounds {
  /** Has to come within the time that the next sound may take, again and again. */
  readonly leastBytes: number;
  readonly mostBytes: number;
}

export interface Context {
  readonly random: Random;
  readonly bounds: SoundBounds;
  /** Some of the piece has been given to the speaker: it cannot be taken back. */
  readonly heard: boolean;
}

export interface Step {
  readonly next: State;
  readonly effects: readonly Effect[];
}
