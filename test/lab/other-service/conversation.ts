import type { Chronicle } from "./chronicle.ts";
import type { Heard, Utterance } from "./ear.ts";
import type { Habits, Leave, Mishap, Trouble } from "./habits.ts";
import { segmentOf, voice } from "./messages.ts";
import type { Outlet } from "./outlet.ts";
import { type Mode, type Session, sessionOf } from "./session.ts";

/** `sinceMs`: when the client was told, or told us, that no more sound is wanted; null: it was not. */
type State =
  | { readonly phase: "idle"; readonly sinceMs: number | null }
  | { readonly phase: "opening"; readonly session: Session }
  | { readonly phase: "listening"; readonly session: Session }
  /** Sound is ignored until the next session. `end`: who brings the session to its end. */
  | {
      readonly phase: "deaf";
      readonly session: Session;
      readonly end: "itself" | "asked";
      readonly sinceMs: number | null;
    }
  | { readonly phase: "ending"; readonly session: Session };

/** What may still be on its way when the client is told to stop. */
const inFlightMs = 2_000;
const messageMs = { least: 50, most: 1000 };
const shortLimitMs = 60_000;
const commands: Readonly<Record<string, readonly string[]>> = {
  START: ["command", "config"],
  END: ["command", "cancel"],
};
/** The service's side of one connection, from the pages: START, sound, END. */
export class Conversation {
  readonly #mode: Mode;
  readonly #habits: Habits;
  readonly #outlet: Outlet;
  readonly #chronicle: Chronicle;
  readonly #leave: (how: Leave) => void;
  #state: State = { phase: "idle", sinceMs: null };
  #results = 0;

  constructor(mode: Mode, habits: Habits, outlet: Outlet, chronicle: Chronicle, leave: (how: Leave) => void) {
    this.#mode = mode;
    this.#habits = habits;
    this.#outlet = outlet;
    this.#chronicle = chronicle;
    this.#leave = leave;
  }

  text(text: string): void {
    const request = parse(text);
    if (typeof request !== "object" || request === null || !("command" in request)) return this.#wrong(`text: ${text}`);
    for (const field of Object.keys(request)) {
      if (!commands[String(request.command)]?.includes(field)) this.#wrong(`field ${field} in ${text}`);
    }
    if (request.command === "START" && "config" in request) this.#start(request.config);
    else if (request.command === "END") this.#end("cancel" in request && String(request.cancel) === "true");
    else this.#wrong(`command: ${text}`);
  }

  sound(bytes: Buffer): void {
    const state = this.#state;
    switch (state.phase) {
      case "listening":
        this.#listen(state.session, bytes);
        break;
      case "opening":
      case "ending":
        this.#wrong(`sound while ${state.phase}`);
        break;
      case "idle":
      case "deaf":
        if (state.phase === "idle" && state.sinceMs === null) this.#wrong("sound before START");
        else if (state.sinceMs !== null && performance.now() - state.sinceMs > inFlightMs)
          this.#wrong(`sound while ${state.phase}, ${Math.round(performance.now() - state.sinceMs)} ms on`);
        break;
    }
  }

  #start(config: unknown): void {
    if (this.#state.phase !== "idle") {
      this.#wrong(`START while ${this.#state.phase}`);
      this.#fail({ type: "error", code: "SIS.0032", traced: true, rest: "lost", endAfterMs: 0 }, this.#state.session);
      return;
    }
    this.#chronicle.starts.push(Date.now());
    const refusal = this.#chronicle.startRefusals.shift();
    const session = sessionOf(config, this.#mode, this.#habits, (what) => this.#wrong(what));
    if (refusal !== undefined || session === null) {
      this.#outlet.say(voice().error(refusal ?? "SIS.0032"));
      this.#state = { phase: "idle", sinceMs: performance.now() };
      return;
    }
    this.#state = { phase: "opening", session };
    this.#outlet.act(() => {
      this.#state = { phase: "listening", session };
    }, this.#habits.startDelayMs);
    this.#outlet.say(session.voice.start());
  }

  #listen(session: Session, bytes: Buffer): void {
    const { ear, format } = session;
    const ms = bytes.length / format.bytesPerMs;
    if (ms < messageMs.least || ms > messageMs.most) this.#wrong(`a message of ${ms} ms`);
    this.#chronicle.heardMs += ms;
    this.#hear(session, ear.hear(format.decode(bytes)));
    if (this.#state.phase !== "listening") return;
    const mishap = this.#mishap((at) => at !== "end" && this.#chronicle.heardMs >= at);
    if (mishap !== null) {
      this.#fail(mishap, session);
    } else if (this.#mode === "sentence" && session.headMs > 0 && !ear.hearsSpeech && ear.nowMs >= session.headMs) {
      this.#outlet.say(session.voice.event("EXCEEDED_SILENCE", ear.nowMs));
      this.#sentenceOver(session);
    } else if (this.#mode === "short" && ear.nowMs > shortLimitMs) {
      this.#exceed(session);
    }
  }

  #hear(session: Session, heard: readonly Heard[]): void {
    const { voice } = session;
    for (const what of heard) {
      switch (what.type) {
        case "onset":
          if (this.#mode === "sentence" || this.#habits.voiceEvents)
            this.#outlet.say(voice.event("VOICE_START", what.atMs));
          break;
        case "so-far":
          if (session.interim) this.#outlet.sayNow(voice.result(segmentOf(what.utterance, false, session.words)));
          break;
        case "said":
          if (this.#mode === "sentence") {
            this.#tellSentence(session, what.utterance);
            if (this.#state.phase === "listening") this.#sentenceOver(session);
            return;
          }
          if (this.#habits.voiceEvents) this.#outlet.say(voice.event("VOICE_END", what.utterance.endMs));
          session.held.push(segmentOf(what.utterance, true, session.words));
          if (session.held.length >= this.#habits.segmentsInResult) this.#tellHeld(session);
          break;
      }
    }
  }

  #tellHeld(session: Session): void {
    if (session.held.length > 0)
      this.#outlet.say(session.voice.result(...session.held), this.#habits.resultDelayMs(this.#results++));
    session.held = [];
  }

  #tellSentence(session: Session, utterance: Utterance): void {
    for (const what of this.#habits.sentence.says) {
      if (what === "voice-end") this.#outlet.say(session.voice.event("VOICE_END", utterance.endMs));
      else session.held.push(segmentOf(utterance, true, session.words));
      this.#tellHeld(session);
    }
  }

  #sentenceOver(session: Session): void {
    const { end } = this.#habits.sentence;
    this.#state = { phase: "deaf", session, end: end === "asked" ? "asked" : "itself", sinceMs: null };
    if (end === "itself") this.#tellEnd(session, "NORMAL");
    if (end === "closes") this.#outlet.act(() => this.#leave(1000));
  }

  #end(cancel: boolean): void {
    const state = this.#state;
    switch (state.phase) {
      case "listening": {
        const mishap = this.#mishap((at) => at === "end");
        if (mishap !== null) {
          this.#fail(mishap, state.session);
          break;
        }
        this.#state = { phase: "ending", session: state.session };
        if (!cancel) {
          this.#hear(state.session, state.session.ear.end());
          this.#tellHeld(state.session);
        }
        this.#tellEnd(state.session, cancel ? "CANCEL" : "NORMAL");
        break;
      }
      case "deaf":
        if (state.end !== "asked") break;
        if (this.#mode !== "sentence") this.#hear(state.session, state.session.ear.end());
        this.#tellHeld(state.session);
        this.#tellEnd(state.session, "NORMAL");
        break;
      case "idle":
        if (this.#habits.lateEnd === "error") this.#outlet.say(voice().error("SIS.0032"));
        break;
      default:
        this.#wrong(`END while ${state.phase}`);
    }
  }

  #tellEnd(session: Session, reason: "NORMAL" | "CANCEL" | "ERROR"): void {
    const { endDelayMs, closesAfterEndMs } = this.#habits;
    this.#outlet.act(() => {
      this.#state = { phase: "idle", sinceMs: performance.now() };
    }, endDelayMs);
    this.#outlet.say(session.voice.end(reason));
    if (closesAfterEndMs === 0) this.#outlet.act(() => this.#leave(1000));
    else if (closesAfterEndMs !== null) this.#outlet.act(() => setTimeout(() => this.#leave(1000), closesAfterEndMs));
  }

  /** What is to go wrong now; null: nothing. */
  #mishap(now: (at: Trouble["at"]) => boolean): Mishap | null {
    const [next] = this.#chronicle.troubles;
    if (next === undefined || !now(next.at)) return null;
    this.#chronicle.troubles.shift();
    return next.what;
  }

  #exceed(session: Session): void {
    this.#chronicle.exceeded++;
    this.#outlet.say(session.voice.event("EXCEEDED_AUDIO", session.ear.nowMs));
    this.#state = { phase: "deaf", session, end: "asked", sinceMs: null };
  }

  #fail(what: Mishap, session: Session): void {
    if (what.type === "exceeded-audio") {
      this.#exceed(session);
      return;
    }
    if (what.type !== "error" || what.rest === "lost") this.#outlet.clear();
    this.#state = { phase: "deaf", session, end: "itself", sinceMs: performance.now() };
    switch (what.type) {
      case "error": {
        const { trace_id: _trace, ...untraced } = session.voice.error(what.code);
        this.#outlet.sayNow(what.traced ? session.voice.error(what.code) : untraced);
        this.#outlet.act(() => this.#tellEnd(session, "ERROR"), what.endAfterMs);
        break;
      }
      case "fatal":
        this.#outlet.say(session.voice.fatal(what.code));
        this.#outlet.act(() => this.#leave(what.goodbye ? 1000 : "drop"), what.afterMs);
        break;
      case "end":
        this.#tellEnd(session, "NORMAL");
        break;
      case "freeze":
      case "reset":
        this.#leave(what.type);
        break;
      case "close":
        this.#leave(what.code);
        break;
    }
  }

  #wrong(what: string): void {
    this.#chronicle.violations.push(what);
  }
}

/** null: not JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
