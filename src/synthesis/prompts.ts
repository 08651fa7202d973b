import type { Clock } from "../base/clock.ts";
import { givesWay, type Speech } from "./speech.ts";

/** When the agent speaks of its own accord. */
export type Occasion = "start" | "mute" | "unmute" | "alarm";

/** What it says then; undefined: nothing. */
export type PromptTexts = Readonly<Record<Occasion, string | undefined>>;

/** A prompt that comes later than this tells of what is past. */
const staleMs = 30_000;
const alarmEveryMs = 60_000;
const firstWaitMs = 60_000;
const longestWaitMs = 3_600_000;
const alarmPriority = 8;
/** More than there are kinds. */
const mostAlarms = 100;

/** What the agent says by itself. Kept on disk, so that it can be said without the service. */
export class Prompts {
  readonly #speech: Pick<Speech, "say" | "prepare">;
  readonly #texts: PromptTexts;
  readonly #clock: Clock;
  /** Texts that are kept by now, or are being fetched. */
  readonly #kept = new Set<string>();
  /** Alarms that were said, the last ones. */
  readonly #said: string[] = [];
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  /** So many rounds of fetches in a row came to nothing; none is begun before. */
  #failures = 0;
  #fetchAtMs = Number.NEGATIVE_INFINITY;

  constructor(speech: Pick<Speech, "say" | "prepare">, texts: PromptTexts, clock: Clock) {
    this.#speech = speech;
    this.#texts = texts;
    this.#clock = clock;
  }

  say(occasion: Occasion): void {
    const text = this.#texts[occasion];
    if (text === undefined) return;
    const notAfterMs = this.#clock.wallMs() + staleMs;
    const priority = occasion === "alarm" ? { priority: alarmPriority } : {};
    void this.#speech.say({ text, notAfterMs, keep: true, ...priority });
  }

  /** An alarm is active; told again, it is the same. Said once, and no more than once a minute whatever is raised. */
  alarm(id: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#quietUntilMs || this.#said.includes(id)) return;
    this.#quietUntilMs = nowMs + alarmEveryMs;
    this.#said.push(id);
    if (this.#said.length > mostAlarms) this.#said.shift();
    this.say("alarm");
  }

  /** The service can be reached: fetches what is not kept yet. */
  prepare(): void {
    if (this.#clock.monotonicMs() < this.#fetchAtMs) return;
    for (const text of Object.values(this.#texts)) {
      if (text !== undefined && !this.#kept.has(text)) void this.#prepare(text);
    }
  }

  async #prepare(text: string): Promise<void> {
    this.#kept.add(text);
    const outcome = await this.#speech.prepare(text);
    if (outcome.result === "spoken") {
      this.#failures = 0;
      return;
    }
    if (outcome.result === "cancelled" && outcome.reason === givesWay) {
      await this.#prepare(text);
      return;
    }
    this.#kept.delete(text);
    if (outcome.result === "unspoken") this.#failed();
  }

  /** Of all that were begun together, the first counts. */
  #failed(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#fetchAtMs) return;
    this.#failures += 1;
    this.#fetchAtMs = nowMs + Math.min(longestWaitMs, firstWaitMs * 2 ** (this.#failures - 1));
  }
}
