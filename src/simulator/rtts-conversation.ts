import type { StartFault } from "./conversation.ts";
import type { SimulatedFault } from "./faults.ts";
import type { Problem } from "./request.ts";
import { errorMessage, type Response } from "./responses.ts";
import { isRefused, type SpeechConfig, type SpeechRequest } from "./rtts-request.ts";

/** Where the conversation of one connection for synthesis stands. One text a connection. */
export type SpeechConversation =
  /** No START has come yet. */
  | { readonly phase: "waiting" }
  /** START is answered; the sound is being made. */
  | { readonly phase: "preparing"; readonly traceId: string; readonly config: SpeechConfig }
  /** Sound is being sent; `sent`: bytes of it. */
  | {
      readonly phase: "speaking";
      readonly traceId: string;
      readonly config: SpeechConfig;
      readonly sound: Uint8Array;
      readonly sent: number;
    }
  /** The text is over, in whatever way; the client is to close. */
  | { readonly phase: "said" }
  /** A fatal error: nothing is heard and nothing is said any more. */
  | { readonly phase: "over" };

/** What holds on a connection. */
export interface SpeechRules {
  readonly newTraceId: () => string;
  /** Sound in one message, ms. */
  readonly pieceMs: number;
  /** How fast sound is sent, times real time. */
  readonly rate: number;
}

export type SpeechFault = Extract<SimulatedFault, { kind: "error" | "fatal" }>;

/** What happens on a connection. */
export type SpeechEvent =
  | { readonly type: "request"; readonly request: SpeechRequest; readonly fault: StartFault | null }
  | { readonly type: "binary" }
  /** The sound of the text is ready, encoded as asked for. */
  | { readonly type: "sound"; readonly sound: Uint8Array }
  /** The next piece is due. */
  | { readonly type: "due" }
  /** Nothing has come from the client for too long. */
  | { readonly type: "idle" }
  | { readonly type: "fault"; readonly fault: SpeechFault };

/** Mistakes of a client, by name. */
export type SpeechViolation = "speech-start-twice" | "speech-start-refused" | "speech-bad-message";

/** What is to be done, in this order. */
export type SpeechEffect =
  | { readonly do: "say"; readonly response: Response }
  /** Make the sound of the text, then `sound`. */
  | { readonly do: "prepare"; readonly text: string; readonly config: SpeechConfig; readonly traceId: string }
  | { readonly do: "send"; readonly bytes: Uint8Array; readonly ms: number }
  /** `due` in so many ms. */
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "ended"; readonly how: string }
  | { readonly do: "disconnect"; readonly afterMs: number }
  | { readonly do: "note"; readonly violation: SpeechViolation };

interface Step {
  readonly next: SpeechConversation;
  readonly effects: readonly SpeechEffect[];
}

/** The service's side of real-time synthesis: what one event leads to. Pure. */
export function converseInSpeech(state: SpeechConversation, event: SpeechEvent, rules: SpeechRules): Step {
  if (state.phase === "over") return stay(state);
  switch (event.type) {
    case "request":
      return onRequest(state, event.request, event.fault, rules);
    case "binary":
      return noted("speech-bad-message", fail(state, { code: "SIS.0032", message: "binary is not expected" }, rules));
    case "sound":
      return state.phase === "preparing" ? onSound(state, event.sound, rules) : stay(state);
    case "due":
      return state.phase === "speaking" ? sendPiece(state, rules) : stay(state);
    case "idle":
      return onIdle(state, rules);
    case "fault":
      return event.fault.kind === "error"
        ? fail(state, problemOf(event.fault), rules, event.fault.trace_id)
        : fatal(state, event.fault.code, event.fault.message, event.fault.disconnect_after_ms, rules);
  }
}

function onRequest(
  state: SpeechConversation,
  request: SpeechRequest,
  fault: StartFault | null,
  rules: SpeechRules,
): Step {
  if (request.type === "unknown") return noted("speech-bad-message", fail(state, request.problem, rules));
  if (state.phase !== "waiting") {
    const problem = { code: "SIS.0418", message: "START was sent twice on one connection" };
    return noted("speech-start-twice", fail(state, problem, rules));
  }
  if (fault?.kind === "error-on-start") return fail(state, problemOf(fault), rules, fault.trace_id);
  if (isRefused(request.wish)) return noted("speech-start-refused", fail(state, request.wish, rules));
  const { text, config } = request.wish;
  const traceId = rules.newTraceId();
  const started = say({ resp_type: "START", trace_id: traceId });
  const again = fault?.kind === "start-twice" ? [started] : [];
  return {
    next: { phase: "preparing", traceId, config },
    effects: [{ do: "prepare", text, config, traceId }, started, ...again],
  };
}

function onSound(state: SpeechConversation & { phase: "preparing" }, sound: Uint8Array, rules: SpeechRules): Step {
  return sendPiece({ ...state, phase: "speaking", sound, sent: 0 }, rules);
}

/** Sends the next piece, or END after the last one. */
function sendPiece(state: SpeechConversation & { phase: "speaking" }, rules: SpeechRules): Step {
  const { config, sound, sent, traceId } = state;
  if (sent >= sound.length) {
    const end = say({ resp_type: "END", trace_id: traceId, reason: "NORMAL" });
    return { next: { phase: "said" }, effects: [end, { do: "ended", how: "NORMAL" }] };
  }
  const bytesPerMs = bytesPerMsOf(config);
  const bytes = sound.subarray(sent, sent + rules.pieceMs * bytesPerMs);
  const ms = bytes.length / bytesPerMs;
  return {
    next: { ...state, sent: sent + bytes.length },
    effects: [
      { do: "send", bytes, ms },
      { do: "wait", ms: ms / rules.rate },
    ],
  };
}

/** Bytes of a millisecond of sound. */
function bytesPerMsOf(config: SpeechConfig): number {
  return (Number(config.sample_rate) / 1000) * (config.audio_format === "pcm" ? 2 : 1);
}

function onIdle(state: SpeechConversation, rules: SpeechRules): Step {
  if (state.phase === "waiting") return fatal(state, "SIS.0416", undefined, 0, rules);
  // A client that does not close when it has all: it is shown the door.
  return state.phase === "said"
    ? { next: { phase: "over" }, effects: [{ do: "disconnect", afterMs: 0 }] }
    : stay(state);
}

/** ERROR; where a text was being spoken, END (reason ERROR) follows. */
function fail(state: SpeechConversation, problem: Problem, rules: SpeechRules, traceId?: string | null): Step {
  const begun = state.phase === "preparing" || state.phase === "speaking";
  const usual = begun ? state.traceId : rules.newTraceId();
  const error = say({
    resp_type: "ERROR",
    ...(traceId !== null && { trace_id: traceId ?? usual }),
    error_code: problem.code,
    error_msg: problem.message,
  });
  if (!begun) return { next: { phase: "said" }, effects: [error] };
  const end = say({ resp_type: "END", trace_id: usual, reason: "ERROR" });
  return { next: { phase: "said" }, effects: [error, end, { do: "ended", how: problem.code }] };
}

function fatal(
  state: SpeechConversation,
  code: string,
  message: string | undefined,
  afterMs: number | null,
  rules: SpeechRules,
): Step {
  const begun = state.phase === "preparing" || state.phase === "speaking";
  const response: Response = {
    resp_type: "FATAL_ERROR",
    trace_id: begun ? state.traceId : rules.newTraceId(),
    error_code: code,
    error_msg: message ?? errorMessage(code),
  };
  const ended: SpeechEffect[] = begun ? [{ do: "ended", how: "FATAL_ERROR" }] : [];
  const disconnect: SpeechEffect[] = afterMs === null ? [] : [{ do: "disconnect", afterMs }];
  return { next: { phase: "over" }, effects: [say(response), ...ended, ...disconnect] };
}

function problemOf(fault: { readonly code: string; readonly message?: string | undefined }): Problem {
  return { code: fault.code, message: fault.message ?? errorMessage(fault.code) };
}

function say(response: Response): SpeechEffect {
  return { do: "say", response };
}

function stay(state: SpeechConversation): Step {
  return { next: state, effects: [] };
}

function noted(violation: SpeechViolation, step: Step): Step {
  return { next: step.next, effects: [...step.effects, { do: "note", violation }] };
}
