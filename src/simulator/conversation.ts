import { limits, type Mode, sampleRateOf } from "../sis/request.ts";
import type { SimulatedFault } from "./faults.ts";
import { isProblem, type Problem, type Request } from "./request.ts";
import { type ErrorResponse, errorMessage, type Response } from "./responses.ts";
import { bytesToMs, Session } from "./session.ts";

/** What holds on a connection. Durations in ms. */
export interface ConversationRules {
  readonly mode: Mode;
  readonly limits: AudioLimits;
  readonly sentenceEnd: "auto" | "wait";
  readonly voiceDbfs: number;
  readonly newTraceId: () => string;
}

/** How much audio is too much, ms. */
export interface AudioLimits {
  /** In one session, by mode. */
  readonly session: Readonly<Record<Mode, number>>;
  /** On one connection, in the continuous mode. */
  readonly connectionMs: number;
}

/**
 * What the client can know: "uninformed" until it has certainly seen our last START, ERROR or END. What it sends until
 * then may just have crossed with it; afterwards it is the client's mistake.
 */
type Client = "uninformed" | "informed";

/** Where the conversation of one connection stands. */
export type Conversation =
  | {
      readonly phase: "idle";
      readonly after: "open" | "end" | "error";
      readonly client: Client;
      readonly usedMs: number;
    }
  | { readonly phase: "session"; readonly session: Session; readonly client: Client; readonly usedMs: number }
  /** A fatal error: nothing is heard and nothing is said any more. */
  | { readonly phase: "over"; readonly usedMs: number };

const spokenFaults = [
  "error",
  "no-end-after-error",
  "fatal",
  "unasked-end",
  "result-without-result",
  "exceeded-audio",
  "limits-reached",
] as const;

/** Faults of the service's own making. */
export type SpokenFault = Extract<SimulatedFault, { kind: (typeof spokenFaults)[number] }>;

export function isSpokenFault(fault: SimulatedFault): fault is SpokenFault {
  return spokenFaults.some((kind) => kind === fault.kind);
}

export type StartFault = Extract<SimulatedFault, { kind: "error-on-start" | "start-twice" }>;

/** What happens on a connection. */
export type ConversationEvent =
  | {
      readonly type: "request";
      readonly request: Request;
      readonly fault: StartFault | { readonly kind: "late-result" } | null;
    }
  | { readonly type: "audio"; readonly bytes: Uint8Array }
  /** The client has answered the last fence. */
  | { readonly type: "informed" }
  /** Nothing has come from the client for too long. */
  | { readonly type: "idle" }
  | { readonly type: "fault"; readonly fault: SpokenFault };

/** Mistakes of a client, by name. */
export type Violation =
  | "start-twice"
  | "start-refused"
  | "end-without-session"
  | "bad-message"
  | "audio-before-start"
  | "audio-before-start-response"
  | "audio-after-end"
  | "audio-after-error"
  | "chunk-too-short"
  | "chunk-too-long";

/** What is to be done, in this order. */
export type ConversationEffect =
  | { readonly do: "say"; readonly response: Response }
  /** Ask the client for a sign (a ping) that it has seen everything said so far. */
  | { readonly do: "fence" }
  | { readonly do: "disconnect"; readonly afterMs: number }
  | { readonly do: "note"; readonly violation: Violation };

/** A conversation that has just begun. */
export const freshConversation: Conversation = { phase: "idle", after: "open", client: "informed", usedMs: 0 };

interface Step {
  readonly next: Conversation;
  readonly effects: readonly ConversationEffect[];
}

/** The service's side of the protocol: what one event leads to. An open session is advanced in place. */
export function converse(state: Conversation, event: ConversationEvent, rules: ConversationRules): Step {
  if (state.phase === "over") return { next: state, effects: [] };
  switch (event.type) {
    case "request":
      return onRequest(state, event.request, event.fault, rules);
    case "audio":
      return state.phase === "session" ? onAudio(state, event.bytes, rules) : onStrayAudio(state);
    case "informed":
      return { next: { ...state, client: "informed" }, effects: [] };
    case "idle":
      return fatal(state, "SIS.0304", errorMessage("SIS.0304"), 0, rules);
    case "fault":
      return onFault(state, event.fault, rules);
  }
}

type Alive = Exclude<Conversation, { phase: "over" }>;
type InSession = Extract<Conversation, { phase: "session" }>;

function onRequest(
  state: Alive,
  request: Request,
  fault: StartFault | { readonly kind: "late-result" } | null,
  rules: ConversationRules,
): Step {
  switch (request.type) {
    case "start": {
      if (state.phase === "session") return noted("start-twice", fail(state, sequence("START was sent twice"), rules));
      if (fault?.kind === "error-on-start") return fail(state, problemOf(fault), rules, fault.trace_id);
      if (isProblem(request.config)) return noted("start-refused", fail(state, request.config, rules));
      const limitMs = Math.min(
        rules.limits.session[rules.mode],
        rules.mode === "continuous" ? rules.limits.connectionMs - state.usedMs : Number.POSITIVE_INFINITY,
      );
      const session = new Session(request.config, rules.newTraceId(), { ...rules, limitMs });
      const started = say({ resp_type: "START", trace_id: session.traceId });
      const again = fault?.kind === "start-twice" ? [started] : [];
      // The fence goes first: audio that comes before its answer was sent without waiting for START.
      return {
        next: { phase: "session", session, client: "uninformed", usedMs: state.usedMs },
        effects: [{ do: "fence" }, started, ...again],
      };
    }
    case "end": {
      if (state.phase !== "session") {
        return noted("end-without-session", fail(state, sequence("END without a session"), rules));
      }
      const { session } = state;
      const reason = request.cancel ? "CANCEL" : "NORMAL";
      const results = request.cancel ? [] : lastResults(session);
      const end: Response = { resp_type: "END", trace_id: session.traceId, reason };
      const said = fault?.kind === "late-result" ? [end, ...lateResults(results, session)] : [...results, end];
      return { next: ended(state, "end", "informed"), effects: said.map(say) };
    }
    case "unknown":
      return noted("bad-message", fail(state, request.problem, rules));
  }
}

function onAudio(state: InSession, bytes: Uint8Array, rules: ConversationRules): Step {
  const { session } = state;
  const { min, max } = limits.chunkBytes[sampleRateOf(session.config.audio_format)];
  if (bytes.length > max) {
    return noted("chunk-too-long", fail(state, { code: "SIS.0032", message: "the audio message is too long" }, rules));
  }
  const { next, effects } = proceed(state, session.hear(bytes));
  // The last piece of a recording may well be short; the service's rule is only counted.
  const notes: ConversationEffect[] = [];
  if (bytes.length < min) notes.push({ do: "note", violation: "chunk-too-short" });
  if (state.client === "uninformed") notes.push({ do: "note", violation: "audio-before-start-response" });
  return { next, effects: [...effects, ...notes] };
}

function onStrayAudio(state: Extract<Conversation, { phase: "idle" }>): Step {
  if (state.client === "uninformed") return { next: state, effects: [] };
  const violation = ({ open: "audio-before-start", end: "audio-after-end", error: "audio-after-error" } as const)[
    state.after
  ];
  return { next: state, effects: [{ do: "note", violation }] };
}

function onFault(state: Alive, fault: SpokenFault, rules: ConversationRules): Step {
  switch (fault.kind) {
    case "error":
      return fail(state, problemOf(fault), rules, fault.trace_id);
    case "no-end-after-error": {
      const { next, effects } = fail(state, problemOf(fault), rules, fault.trace_id);
      return { next, effects: effects.filter((effect) => effect.do !== "say" || effect.response.resp_type !== "END") };
    }
    case "fatal":
      return fatal(state, fault.code, fault.message ?? errorMessage(fault.code), fault.disconnect_after_ms, rules);
    case "unasked-end": {
      if (state.phase !== "session") return { next: state, effects: [] };
      const { session } = state;
      const results = fault.results === "dropped" ? [] : lastResults(session);
      const end: Response = { resp_type: "END", trace_id: session.traceId, reason: fault.reason };
      const said = fault.results === "after" ? [end, ...lateResults(results, session)] : [...results, end];
      return { next: ended(state, "end", "uninformed"), effects: [...said.map(say), { do: "fence" }] };
    }
    case "result-without-result":
      if (state.phase === "session") state.session.failNextResult();
      return { next: state, effects: [] };
    case "exceeded-audio":
      return state.phase === "session" ? proceed(state, state.session.exceed()) : { next: state, effects: [] };
    case "limits-reached": {
      if (state.phase !== "session") return { next: state, effects: [] };
      return proceed({ ...state, usedMs: rules.limits.connectionMs }, state.session.exceed());
    }
  }
}

/** What an open session says by itself; an END among it is the last. */
function proceed(state: InSession, responses: readonly Response[]): Step {
  const effects = responses.map(say);
  if (responses.at(-1)?.resp_type !== "END") return { next: state, effects };
  return { next: ended(state, "end", "uninformed"), effects: [...effects, { do: "fence" }] };
}

/** ERROR; in a session, END (reason ERROR) follows and the session is over. From then on audio is ignored until START. */
function fail(state: Alive, problem: Problem, rules: ConversationRules, traceId?: string | null): Step {
  const usual = state.phase === "session" ? state.session.traceId : rules.newTraceId();
  const error: ErrorResponse = {
    resp_type: "ERROR",
    ...(traceId !== null && { trace_id: traceId ?? usual }),
    error_code: problem.code,
    error_msg: problem.message,
  };
  const end: Response = { resp_type: "END", trace_id: usual, reason: "ERROR" };
  const said = state.phase === "session" ? [say(error), say(end)] : [say(error)];
  return { next: ended(state, "error", "uninformed"), effects: [...said, { do: "fence" }] };
}

function fatal(state: Alive, code: string, message: string, afterMs: number | null, rules: ConversationRules): Step {
  const traceId = state.phase === "session" ? state.session.traceId : rules.newTraceId();
  const response: Response = { resp_type: "FATAL_ERROR", trace_id: traceId, error_code: code, error_msg: message };
  const disconnect: ConversationEffect[] = afterMs === null ? [] : [{ do: "disconnect", afterMs }];
  return { next: { phase: "over", usedMs: usedBy(state) }, effects: [say(response), ...disconnect] };
}

function ended(state: Alive, after: "end" | "error", client: Client): Conversation {
  return { phase: "idle", after, client, usedMs: usedBy(state) };
}

function usedBy(state: Alive): number {
  return state.phase === "session" ? state.usedMs + state.session.heardMs : state.usedMs;
}

/** What was said until now, without an END of the session's own. */
function lastResults(session: Session): readonly Response[] {
  return session.finish().filter((response) => response.resp_type !== "END");
}

/** Results held back until after the END; where there are none, one without text, so that there is one to be late. */
function lateResults(results: readonly Response[], session: Session): readonly Response[] {
  if (results.length > 0) return results;
  const at = Math.round(session.heardMs);
  const segment = { start_time: at, end_time: at, is_final: true, result: { text: "", score: 0 } };
  return [{ resp_type: "RESULT", trace_id: session.traceId, segments: [segment] }];
}

function problemOf(fault: { readonly code: string; readonly message?: string | undefined }): Problem {
  return { code: fault.code, message: fault.message ?? errorMessage(fault.code) };
}

/** The service's own code for a wrong order is not published for recognition; this is what synthesis says. */
function sequence(message: string): Problem {
  return { code: "SIS.0418", message };
}

function say(response: Response): ConversationEffect {
  return { do: "say", response };
}

function noted(violation: Violation, step: Step): Step {
  return { next: step.next, effects: [...step.effects, { do: "note", violation }] };
}

/** How long a message of audio sounds: ms where a session is open (its format is known), else null. */
export function audioMsOf(state: Conversation, bytes: Uint8Array): number | null {
  return state.phase === "session" ? bytesToMs(bytes.length, state.session.config) : null;
}
