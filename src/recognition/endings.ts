import { lost, timedOut, unaskedEnd } from "./failures.ts";
import { connect, end, endSession, endTimeoutMs, go, ignore, leave, note, report, start, stay, wait } from "./moves.ts";
import { afterUseful } from "./retry.ts";
import type { Context, EventOf, State, Step } from "./state.ts";

/** The moves towards the end of a session, and what comes after it. */

/** A result that comes after its session's END is still taken this long, before the agent goes home. */
const lingerMs = 300;
/**
 * A finite source is not sent again for ever to a service that never says END. What it has given no result for is then
 * counted as lost.
 */
const endlessFailures = 10;

/** What the service's events mean while a session streams. */
export function heard(state: State, event: EventOf<"EVENT">, context: Context): Step {
  switch (event.event) {
    case "VOICE_START":
      return ignore(state);
    case "VOICE_END":
      return context.mode === "sentence" ? end(state, "sentence", { asked: false, settle: "finals" }) : ignore(state);
    case "EXCEEDED_SILENCE":
      return context.mode === "sentence" ? end(state, "silence", { asked: false, settle: "silence" }) : ignore(state);
    case "EXCEEDED_AUDIO":
      return end(state, "full", { asked: false, settle: "finals" });
  }
}

/** The same while we already wait for the END: audio after them was not heard, so it is not settled by the END. */
export function heardWhileEnding(
  state: State & { readonly phase: "ending" },
  event: EventOf<"EVENT">,
  context: Context,
): Step {
  const spared = event.event === "EXCEEDED_AUDIO" || (event.event !== "VOICE_START" && context.mode === "sentence");
  if (!spared || state.settle !== "sent") return ignore(state);
  const settle = event.event === "EXCEEDED_SILENCE" ? "silence" : "finals";
  return stay({ ...state, settle, why: state.why === "exhausted" ? "sentence" : state.why });
}

/** The device stops, or its settings change, while an END is already on its way. */
export function redirectEnd(why: "stop" | "reconfigured"): (state: State & { readonly phase: "ending" }) => Step {
  return (state) => {
    if (!state.asked) return end(state, why, { asked: true, settle: state.settle });
    return { next: { ...state, why }, effects: [wait(endTimeoutMs[why])] };
  };
}

/** How an ending session's END is followed up. */
export function ended(state: State & { readonly phase: "ending" }, event: EventOf<"END">, context: Context): Step {
  if (event.reason === "ERROR") return unaskedEnd(state, event, context);
  if (event.reason === "CANCEL") {
    const followed = follow(state, context);
    return { next: followed.next, effects: [endSession("finals", state.why), ...followed.effects] };
  }
  const followed = follow({ ...state, standing: afterUseful(state.standing, context.nowMs) }, context);
  const healthy = report({ type: "healthy" });
  return { next: followed.next, effects: [endSession(state.settle, state.why), healthy, ...followed.effects] };
}

function follow(state: State & { readonly phase: "ending" }, context: Context): Step {
  switch (state.why) {
    case "sentence":
    case "silence":
      return start(state);
    case "full":
    case "roll":
      // A connection has the same 5 h as a continuous session; a short session's 60 s are its own.
      return context.mode === "continuous" ? leave(state, "connect") : start(state);
    case "starved":
      return leave(state, "idle");
    case "exhausted":
      return { next: { phase: "lingering", standing: state.standing }, effects: [wait(lingerMs)] };
    case "reconfigured":
      return leave(state, "connect");
    case "stop":
      return leave(state, "stopped");
  }
}

/** The END that we wait for does not come in time, or the time to ask for it has come. */
export function endOverdue(state: State & { readonly phase: "ending" }, _event: unknown, context: Context): Step {
  if (!state.asked) return end(state, state.why, { asked: true, settle: state.settle });
  if (state.why === "stop") return leave(state, "stopped", note("end-missing"), endSession("finals", state.why));
  if (endless(state)) return leave(state, "stopped", note("end-missing"), endSession("finals", "no END came"));
  const step = timedOut(state, "END was not answered", context);
  return { next: step.next, effects: [note("end-missing"), ...step.effects] };
}

/** The service closed instead of answering END. */
export function closedInsteadOfEnd(
  state: State & { readonly phase: "ending" },
  event: EventOf<"closed">,
  context: Context,
): Step {
  if (state.why === "stop" || endless(state)) {
    const step = go(state, "stopped");
    return { next: step.next, effects: [note("closed-without-end"), endSession("finals", "closed"), ...step.effects] };
  }
  const clean = event.ending.how === "closed" && event.ending.code === 1000;
  // Some end a finished sentence by closing: a new connection is all that is needed.
  if (clean && !state.asked) {
    const next = connect(state);
    return { next: next.next, effects: [endSession(state.settle, state.why), ...next.effects] };
  }
  const step = lost(state, event, context);
  return { next: step.next, effects: [note("closed-without-end"), ...step.effects] };
}

function endless(state: State & { readonly phase: "ending" }): boolean {
  return state.why === "exhausted" && state.standing.failures >= endlessFailures;
}
