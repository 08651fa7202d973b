import type { ErrorCode, Message } from "./messages.ts";

/** How a service leaves a connection: without a word, or with a close code. */
export type Leave = "reset" | "drop" | "freeze" | number;

/** How a sentence session comes to its end once the sentence is over. */
export interface SentenceManner {
  /** What is said of it, in this order. */
  readonly says: readonly ("voice-end" | "result")[];
  /** `itself`: END follows at once. `asked`: END answers the client's END. `closes`: no END, the connection is closed. */
  readonly end: "itself" | "asked" | "closes";
}

export type Mishap =
  /** ERROR, then after a while END (reason ERROR). `rest`: what becomes of the results that were not told yet. */
  | {
      readonly type: "error";
      readonly code: ErrorCode;
      readonly traced: boolean;
      readonly rest: "lost" | "told";
      readonly endAfterMs: number;
    }
  /** FATAL_ERROR, then after a while the end of the connection. */
  | { readonly type: "fatal"; readonly code: ErrorCode; readonly goodbye: boolean; readonly afterMs: number }
  /** EVENT EXCEEDED_AUDIO: sound is ignored from now on. */
  | { readonly type: "exceeded-audio" }
  /** END (reason NORMAL) that the client has not asked for; what is being said is lost. */
  | { readonly type: "end" }
  /** Neither reads nor writes any more, and keeps the connection. */
  | { readonly type: "freeze" }
  | { readonly type: "reset" }
  | { readonly type: "close"; readonly code: number };

/** What goes wrong, once: when so much sound has come in on all connections together, or at the client's END. */
export interface Trouble {
  readonly at: number | "end";
  readonly what: Mishap;
}

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the pages leave to the service; each real one has its own ways. */
export interface Habits {
  /** Says a message in its own words; may keep it to itself, or say more. One for each connection. */
  readonly rephrasing: () => (message: Message) => readonly Message[];
  readonly startDelayMs: number;
  /** The nth result of a connection comes so much late. */
  readonly resultDelayMs: (nth: number) => number;
  readonly endDelayMs: number;
  /** So many final segments go into one RESULT (fewer in the last one of a session). */
  readonly segmentsInResult: number;
  readonly interimResults: "asked" | "always";
  readonly wordInfo: "asked" | "always";
  readonly voiceEvents: boolean;
  readonly sentence: SentenceManner;
  /** What is one segment in short mode: what is said in one breath, or all of the session. */
  readonly shortSegments: "breath" | "session";
  /** END of a session that is over already: out of order, or of no interest. */
  readonly lateEnd: "ignored" | "error";
  /** null: the connection stays open after END. */
  readonly closesAfterEndMs: number | null;
  readonly pingEveryMs: number | null;
  readonly fragments: number;
  readonly layout: "compact" | "pretty";
  readonly compression: boolean;
  readonly upgradeHeaders: readonly string[];
  /** null: everyone may come. */
  readonly token: string | null;
  /** What the first requests for a connection are answered with. */
  readonly refusals: readonly Refusal[];
  /** What the first STARTs are answered with. */
  readonly startRefusals: readonly ErrorCode[];
  readonly troubles: readonly Trouble[];
}

export const plainHabits: Habits = {
  rephrasing: () => (message) => [message],
  startDelayMs: 0,
  resultDelayMs: () => 0,
  endDelayMs: 0,
  segmentsInResult: 1,
  interimResults: "asked",
  wordInfo: "asked",
  voiceEvents: false,
  sentence: { says: ["voice-end", "result"], end: "itself" },
  shortSegments: "breath",
  lateEnd: "ignored",
  closesAfterEndMs: null,
  pingEveryMs: null,
  fragments: 1,
  layout: "compact",
  compression: false,
  upgradeHeaders: [],
  token: null,
  refusals: [],
  startRefusals: [],
  troubles: [],
};
