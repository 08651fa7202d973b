import { Ear } from "./ear.ts";
import type { Habits } from "./habits.ts";
import { type Segment, type Voice, voice } from "./messages.ts";
import { type SoundFormat, soundFormat } from "./sound-format.ts";

export type Mode = "continuous" | "sentence" | "short";

/** What lasts from START to END. */
export interface Session {
  readonly voice: Voice;
  readonly ear: Ear;
  readonly format: SoundFormat;
  readonly interim: boolean;
  readonly words: boolean;
  /** Silence at the beginning after which a sentence is given up; 0: never. */
  readonly headMs: number;
  /** Final segments that wait for company. */
  held: Segment[];
}

const settings = new Set(
  "audio_format property add_punc digit_norm vad_head vad_tail max_seconds interim_results vocabulary_id need_word_info".split(
    " ",
  ),
);

/**
 * The session that START's `config` asks for; null: it cannot be had.
 * @param wrong told what the pages do not allow
 */
export function sessionOf(config: unknown, mode: Mode, habits: Habits, wrong: (what: string) => void): Session | null {
  const given = new Map<string, unknown>(Object.entries(config ?? {}));
  for (const name of given.keys()) if (!settings.has(name)) wrong(`setting ${name}`);
  const format = soundFormat(given.get("audio_format"));
  if (format === null || typeof given.get("property") !== "string") {
    wrong("START without a format or a property");
    return null;
  }
  const number = (name: string, standard: number) => Number(given.get(name) ?? standard);
  const yes = (name: string) => given.get(name) === "yes";
  const wholeSession = mode === "short" && habits.shortSegments === "session";
  return {
    voice: voice(),
    ear: new Ear(format.rate, wholeSession ? Number.POSITIVE_INFINITY : number("vad_tail", 500)),
    format,
    interim: habits.interimResults === "always" || yes("interim_results"),
    words: habits.wordInfo === "always" || yes("need_word_info"),
    headMs: number("vad_head", 10_000),
    held: [],
  };
}
