import { barren, lost, timedOut, unaskedEnd } from "./failures.ts";
import {
  connect,
  deliver,
  end,
  endSession,
  endTimeoutMs,
  go,
  ignore,
  leave,
  note,
  report,
  start,
  stay,
  wait,
} from "./moves.ts";
import { afterUseful } from "./retry.ts";
import type { Context, Ending, EventOf, Next, Settle, State, StateOf, Step } from "./state.ts";

/** The moves towards the end of a session, and what comes after it. */

/** A result that comes after its session's END is still taken this long, before the connection is let go of. */
const lingerMs = 300;
/**
 * A finite source is not sent again for ever to a service that never says END. What it has given no result for is then
 * counted as lost.
 */
const mostEndless = 10;

/** Sessions that the service itself is through with. */
const finished: ReadonlySet<Ending> = new Set(["sentence", "silence", "full"]);

/** What to go on as, where an ending turned out not to have been the end of it. */
const unfinished: { readonly [E in Ending]?: Ending } = { exhausted: "sentence", handover: "roll" };

/** What the service's events mean while a session streams. */
export function heard(state: State, event: EventOf<"EVENT">, context: Context): Step {
  switch (event.event) {
    case "VOICE_START":
      return ignore(state);
    case "VOICE_END":
      return context.mode === "sentence"
        ? end(state, "sentence", { asked: false, settle: "sentence" }, context)
        : ignore(state);
    case "EXCEEDED_SILENCE":
      return context.mode === "sentence"
        ? end(state, "silence", { asked: state.standing.waitsForEnd, settle: "silence" }, context)
        : ignore(state);
    case "EXCEEDED_AUDIO":
      return end(state, "full", { asked: false, settle: "finals" }, context);
  }
}

/** The same while we already wait for the END: audio after them was not heard, so it is not settled by the END. */
export function heardWhileEnding(state: StateOf<"ending">, event: EventOf<"EVENT">, context: Context): Step {
  switch (event.event) {
    case "VOICE_START":
      return ignore(state);
    case "VOICE_END":
      return context.mode === "sentence" ? stay(deafSince(state, "sentence")) : ignore(state);
    case "EXCEEDED_SILENCE":
      return context.mode === "sentence" ? stay(deafSince(state, "silence")) : ignore(state);
    case "EXCEEDED_AUDIO":
      return stay(deafSince(state, "finals"));
  }
}

/** Results count. In sentence mode the first final one is the sentence, with or without a VOICE_END. */
export function recognised(state: State, event: EventOf<"RESULT">, context: Context): Step {
  const step = deliver(state, event);
  if (!isSentence(event, context)) return step;
  const ending = end(state, "sentence", { asked: false, hasResult: true, settle: "sentence" }, context);
  return { next: ending.next, effects: [...step.effects, ...ending.effects] };
}

/** The same while we already wait for the END. */
export function recognisedWhileEnding(state: StateOf<"ending">, event: EventOf<"RESULT">, context: Context): Step {
  if (!isSentence(event, context)) return deliver(state, event);
  if (!state.asked) return recognised(state, event, context);
  return deliver(deafSince(state, "sentence"), event);
}

function isSentence(event: EventOf<"RESULT">, context: Context): boolean {
  return context.mode === "sentence" && event.segments.some((segment) => segment.isFinal);
}

/** The END will not cover all that was sent; a finite source then has to go on with the rest. */
function deafSince(state: StateOf<"ending">, settle: Settle): StateOf<"ending"> {
  if (state.settle !== "sent") return state;
  return { ...state, settle, why: unfinished[state.why] ?? state.why };
}

/** The device stops, or its settings change, while an END is already on its way. */
export function redirectEnd(
  why: "stop" | "reconfigured",
): (state: StateOf<"ending">, event: unknown, context: Context) => Step {
  return (state, _event, context) => {
    if (!state.asked) return end(state, why, { asked: true, settle: state.settle }, context);
    return { next: { ...state, why }, effects: [wait(endTimeoutMs[why])] };
  };
}

/** How an ending session's END is followed up. */
export function ended(state: StateOf<"ending">, event: EventOf<"END">, context: Context): Step {
  if (event.reason === "ERROR") return unaskedEnd(state, event, context);
  if (event.reason === "CANCEL") return endedTooEarly(inVain(state), event, context);
  // An END that crosses ours is about what had arrived by then: nobody knows how much that was. It comes before our ping
  // is answered; but if that happens twice in a row, it is the service that answers pings late.
  const outrunsPong = state.asked && state.settle === "sent" && !context.arrived;
  if (outrunsPong && !state.standing.outrunsPong) {
    const crossed = { ...state, standing: { ...state.standing, outrunsPong } };
    return endedTooEarly(inVain(crossed), event, context);
  }
  return endedAsItShould({ ...state, standing: { ...state.standing, outrunsPong } }, event, context);
}

function endedAsItShould(state: StateOf<"ending">, event: EventOf<"END">, context: Context): Step {
  if (!context.productive) {
    if (finished.has(state.why)) return barren(state, state.settle, event, context);
    const followed = follow(state, context);
    return { next: followed.next, effects: [endSession(state.settle, state.why), ...followed.effects] };
  }
  const followed = follow({ ...state, standing: afterUseful(state.standing, context.nowMs) }, context);
  const healthy = report({ type: "healthy" });
  return { next: followed.next, effects: [endSession(state.settle, state.why), healthy, ...followed.effects] };
}

/** What was not recognised is not done with: a finite source goes on with it, and so does who had handed over. */
function endedTooEarly(state: StateOf<"ending">, event: EventOf<"END">, context: Context): Step {
  if (endless(state)) return leave(state, "stopped", endSession("finals", "it is ended too early every time"));
  const why = unfinished[state.why] ?? state.why;
  // The same again at once would end the same way.
  const isIdle = why === "starved" && event.reason === "CANCEL";
  if (isIdle || (finished.has(why) && !context.productive)) return barren(state, "finals", event, context);
  const followed = follow({ ...state, why }, context);
  return { next: followed.next, effects: [endSession("finals", state.why), ...followed.effects] };
}

function follow(state: StateOf<"ending">, context: Context): Step {
  switch (state.why) {
    case "sentence":
    case "silence":
    case "roll":
      return context.spent ? linger(state, "connect") : start(state);
    case "full":
    case "reconfigured":
      return linger(state, "connect");
    case "starved":
      return linger(state, "idle");
    case "exhausted":
    case "handover":
      return linger(state, "stopped");
    case "stop":
      return leave(state, "stopped");
  }
}

function linger(state: State, next: Next): Step {
  return { next: { phase: "lingering", standing: state.standing, next }, effects: [wait(lingerMs)] };
}

/** The END that we wait for does not come in time, or the time to ask for it has come. */
export function endOverdue(waiting: StateOf<"ending">, _event: unknown, context: Context): Step {
  if (!waiting.asked) {
    const standing = waiting.why === "silence" ? { ...waiting.standing, waitsForEnd: true } : waiting.standing;
    return end({ ...waiting, standing }, waiting.why, { asked: true, settle: waiting.settle }, context);
  }
  const state = inVain(waiting);
  if (state.why === "stop") return leave(state, "stopped", note("end-missing"), endSession("finals", state.why));
  if (endless(state)) return leave(state, "stopped", note("end-missing"), endSession("finals", "no END came"));
  const step = timedOut(state, "END was not answered", context);
  return { next: step.next, effects: [note("end-missing"), ...step.effects] };
}

/** The service closed instead of answering END. */
export function closedInsteadOfEnd(waiting: StateOf<"ending">, event: EventOf<"closed">, context: Context): Step {
  const state = inVain(waiting);
  if (state.why === "stop" || endless(state)) {
    const step = go(state, "stopped");
    return { next: step.next, effects: [note("closed-without-end"), endSession("finals", "closed"), ...step.effects] };
  }
  const clean = event.ending.how === "closed" && event.ending.code === 1000;
  // Some end what is finished by closing: a new connection is all that is needed.
  if (clean && finished.has(state.why) && context.productive) {
    const next = connect(state);
    return { next: next.next, effects: [endSession(state.settle, state.why), ...next.effects] };
  }
  const step = lost(state, event, context);
  return { next: step.next, effects: [note("closed-without-end"), ...step.effects] };
}

function inVain(state: StateOf<"ending">): StateOf<"ending"> {
  if (state.why !== "exhausted") return state;
  return { ...state, standing: { ...state.standing, endless: state.standing.endless + 1 } };
}

function endless({ why, standing }: StateOf<"ending">): boolean {
  return why === "exhausted" && standing.endless >= mostEndless;
}
