import type { Random } from "../../src/base/random.ts";
import type { Mode } from "../../src/sis/request.ts";
import type { ManualClock } from "./manual-clock.ts";
import { result } from "./recognition.ts";
import type { ScriptedLink } from "./scripted-link.ts";

/** What may go wrong in a session. */
export const troubles = [
  "none",
  "error",
  "error-without-end",
  "fatal",
  "fatal-without-disconnect",
  "close-1000",
  "reset",
  "dead",
  "unasked-end",
  "garbage",
  "no-result",
  "late-result",
  "start-twice",
  "mute-end",
  "refuse-start",
  "stall",
  "dies-later",
] as const;
export type Trouble = (typeof troubles)[number];

const perMs = 8;
const tailMs = 500;
const networkMs = 10;
const headMs = 10_000;

/** A word is a run of one sample value, which is its number times this. */
export const loudness = 100;

/** The length of a word follows from its number. It is odd: what cuts it on a millisecond does not halve it. */
export function wordMs(value: number): number {
  return 301 + ((value * 74) % 300);
}

/**
 * A service on one scripted connection: it recognises the words of each session's audio as the protocol says, and after
 * a random amount of audio it does the session's trouble. Not the simulator: other code, for another opinion.
 */
export class ModelService {
  readonly #mode: Mode;
  readonly #link: ScriptedLink;
  readonly #clock: ManualClock;
  readonly #random: Random;
  readonly #nextTrouble: () => Trouble;
  readonly #speed: number;
  /** It is at work on what has arrived until then. */
  #busyToMs = 0;
  #session: Session | null = null;
  #dead = false;
  #traces = 0;

  /** @param speed how fast it recognises, times real time; what arrives faster has to wait */
  constructor(
    mode: Mode,
    link: ScriptedLink,
    clock: ManualClock,
    random: Random,
    nextTrouble: () => Trouble,
    speed = Number.POSITIVE_INFINITY,
  ) {
    this.#speed = speed;
    this.#mode = mode;
    this.#link = link;
    this.#clock = clock;
    this.#random = random;
    this.#nextTrouble = nextTrouble;
    this.#soon(() => link.open());
    this.#beat();
  }

  /** What the link carries arrives a moment later, in order, as over a network. */
  readonly handlers = {
    onText: (message: { readonly command: string; readonly cancel?: boolean }) => {
      // Whatever it does from now on, it does not end the session unasked.
      if (message.command === "END" && this.#session !== null) this.#session.asked = true;
      this.#work(0, () => this.#command(message.command, message.cancel === true));
    },
    onAudio: (bytes: Uint8Array) => {
      // A copy. `slice` of a Buffer is none.
      const samples = new Int16Array(Uint8Array.from(bytes).buffer);
      this.#work(samples.length / perMs, () => this.#audio(samples));
    },
  };

  #work(soundMs: number, done: () => void): void {
    const nowMs = this.#clock.monotonicMs();
    this.#busyToMs = Math.max(this.#busyToMs, nowMs + networkMs) + soundMs / this.#speed;
    this.#clock.after(this.#busyToMs - nowMs, done);
  }

  #command(command: string, cancel: boolean): void {
    if (this.#dead || this.#link.ended) return;
    if (command === "START") this.#soon(() => this.#start());
    else this.#end(cancel);
  }

  #audio(samples: Int16Array): void {
    const session = this.#session;
    if (this.#dead || session === null || this.#link.ended) return;
    session.take(samples);
    if (session.receivedMs >= session.troubleAtMs) this.#fail(session);
    if (this.#session !== session) return;
    if (this.#mode === "sentence") this.#sentence(session);
    else this.#say(session, session.finals());
  }

  /** Deaf from the end of the first sentence on, or from silence that is too long; waits for END then. */
  #sentence(session: Session): void {
    const finals = session.finals();
    const silent = finals.length === 0 && session.isSilent && session.receivedMs >= headMs;
    if (session.deaf || (finals.length === 0 && !silent)) return;
    session.deaf = true;
    const event = silent ? "EXCEEDED_SILENCE" : "VOICE_END";
    this.#link.say({ resp_type: "EVENT", trace_id: session.traceId, event, timestamp: 0 });
    this.#say(session, finals);
  }

  #start(): void {
    if (this.#session !== null) {
      this.#link.say({ resp_type: "ERROR", error_code: "SIS.0418", error_msg: "twice" });
      this.#over("ERROR");
      return;
    }
    const trouble = this.#nextTrouble();
    if (trouble === "refuse-start") {
      this.#link.say({ resp_type: "ERROR", error_code: "SIS.0303", error_msg: "no" });
      return;
    }
    this.#traces += 1;
    this.#session = new Session(`${this.#traces}-${this.#random()}`, trouble, this.#random() * 8000);
    this.#link.say({ resp_type: "START", trace_id: this.#session.traceId });
    if (trouble !== "dies-later") return;
    // Whatever it has been sent by then, which may be nothing.
    const die = () => this.#link.end({ how: "closed", code: 1006, reason: "", asked: false });
    this.#clock.after(this.#random() * 4_000, die);
  }

  #fail(session: Session): void {
    const trouble = session.trouble;
    session.troubleAtMs = Number.POSITIVE_INFINITY;
    const error = { error_code: "SIS.0305", error_msg: "trouble", trace_id: session.traceId };
    switch (trouble) {
      case "error":
        this.#link.say({ resp_type: "ERROR", ...error });
        this.#soon(() => this.#over("ERROR"));
        this.#session = null;
        break;
      case "error-without-end":
        this.#link.say({ resp_type: "ERROR", ...error });
        this.#session = null;
        break;
      case "fatal":
        this.#link.say({ resp_type: "FATAL_ERROR", ...error });
        this.#soon(() => this.#link.end({ how: "closed", code: 1000, reason: "", asked: false }));
        this.#session = null;
        break;
      case "fatal-without-disconnect":
        this.#link.say({ resp_type: "FATAL_ERROR", ...error });
        this.#session = null;
        break;
      case "close-1000":
        this.#link.end({ how: "closed", code: 1000, reason: "", asked: false });
        break;
      case "reset":
        this.#link.end({ how: "closed", code: 1006, reason: "", asked: false });
        break;
      case "dead":
      case "stall":
        this.#dead = true;
        break;
      case "unasked-end":
        if (!session.asked) this.#over("NORMAL");
        break;
      case "garbage":
        // In the place of the next result, which is thereby gone.
        session.garbles = true;
        break;
      case "no-result":
        session.wordless = true;
        break;
      case "start-twice":
        this.#link.say({ resp_type: "START", trace_id: session.traceId });
        break;
      case "none":
      case "dies-later":
      case "late-result":
      case "mute-end":
      case "refuse-start":
        break;
    }
  }

  #end(cancel: boolean): void {
    const session = this.#session;
    if (session === null) {
      // A session that we have ended ourselves: its END is on its way.
      return;
    }
    if (session.trouble === "mute-end") {
      this.#session = null;
      return;
    }
    if (cancel) {
      this.#over("CANCEL");
      return;
    }
    session.close();
    const late = session.trouble === "late-result";
    if (!late) this.#say(session, session.finals());
    this.#over("NORMAL");
    if (late) this.#say(session, session.finals());
  }

  #over(reason: string): void {
    const traceId = this.#session?.traceId;
    this.#session = null;
    this.#link.say({ resp_type: "END", trace_id: traceId, reason });
  }

  #say(session: Session, finals: readonly Final[]): void {
    for (const final of finals) {
      if (session.garbles) {
        session.garbles = false;
        this.#link.garble();
      } else {
        const text = session.wordless ? null : final.words.join(" ");
        session.wordless = false;
        this.#link.say({ ...result(final.startMs, final.endMs, text), trace_id: session.traceId });
      }
    }
  }

  #soon(action: () => void): void {
    this.#clock.after(10 + this.#random() * 90, action);
  }

  /** Stands in for ping and pong. */
  #beat(): void {
    this.#clock.after(2000, () => {
      if (this.#link.ended) return;
      if (this.#dead) this.#link.end({ how: "closed", code: 1006, reason: "", asked: false });
      else this.#link.confirm();
      this.#beat();
    });
  }
}

interface Final {
  readonly startMs: number;
  readonly endMs: number;
  readonly words: readonly number[];
}

class Session {
  readonly traceId: string;
  readonly trouble: Trouble;
  troubleAtMs: number;
  garbles = false;
  /** It has been asked to end. */
  asked = false;
  /** It no longer listens. */
  deaf = false;
  wordless = false;
  #samples = 0;
  #open: { start: number; end: number; runs: [value: number, length: number, start: number][] } | null = null;
  #finals: Final[] = [];

  constructor(traceId: string, trouble: Trouble, troubleAtMs: number) {
    this.traceId = traceId;
    this.trouble = trouble;
    this.troubleAtMs = troubleAtMs;
  }

  get receivedMs(): number {
    return this.#samples / perMs;
  }

  /** Nobody has spoken yet. */
  get isSilent(): boolean {
    return this.#open === null;
  }

  take(samples: Int16Array): void {
    if (this.deaf) return;
    for (const sample of samples) {
      const value = sample / loudness;
      if (value !== 0) {
        this.#open ??= { start: this.#samples, end: this.#samples, runs: [] };
        const last = this.#open.runs.at(-1);
        if (last?.[0] === value && this.#open.end === this.#samples) last[1] += 1;
        else this.#open.runs.push([value, 1, this.#samples]);
        this.#open.end = this.#samples + 1;
      }
      this.#samples += 1;
      if (this.#open !== null && this.#samples - this.#open.end >= tailMs * perMs) this.close();
    }
  }

  close(): void {
    if (this.#open === null || this.deaf) return;
    // Half a word is enough to be heard: one that was cut would be heard twice, or not at all.
    const heard = this.#open.runs.filter(([value, length]) => length >= (wordMs(value) * perMs) / 2);
    const start = heard[0]?.[2] ?? this.#open.start;
    const words = heard.map(([value]) => value);
    this.#finals.push({ startMs: start / perMs, endMs: this.#open.end / perMs, words });
    this.#open = null;
  }

  finals(): readonly Final[] {
    const finals = this.#finals;
    this.#finals = [];
    return finals;
  }
}
