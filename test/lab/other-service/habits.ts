import type { ErrorCode, Message } from "./messages.ts";

/** How a sentence session comes to its end once the sentence is over. */
export interface SentenceManner {
  /** What is said of it, in this order. */
  readonly says: readonly ("voice-end" | "result")[];
  /** `itself`: END follows at once. `asked`: END answers the client's END. `closes`: no END, the connection is closed. */
  readonly end: "itself" | "asked" | "closes";
}

/** What goes wrong, and when: once, when so much sound has come in on all connections together. */
export interface Trouble {
  readonly atMs: number;
  readonly what: /** ERROR, then after a while END (reason ERROR); what was recognised and not yet told is lost. */
    | { readonly type: "error"; readonly code: ErrorCode; readonly traced: boolean; readonly endAfterMs: number }
    /** FATAL_ERROR, then after a while the end of the connection. */
    | { readonly type: "fatal"; readonly code: ErrorCode; readonly goodbye: boolean; readonly afterMs: number }
    | { readonly type: "reset" }
    | { readonly type: "close"; readonly code: number };
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
