import {
  closedInsteadOfEnd,
  ended,
  endOverdue,
  heard,
  heardWhileEnding,
  recognised,
  recognisedWhileEnding,
  redirectEnd,
} from "./endings.ts";
import {
  closedAfterError,
  closedBeforeStart,
  closedInSession,
  endAfterErrorMissing,
  errorInSession,
  failedSessionEnded,
  fatal,
  lost,
  startRefused,
  stopInFailedSession,
  strayError,
  strayMessage,
  timedOut,
  tryAgain,
  unaskedEnd,
  unreadable,
} from "./failures.ts";
import {
  askForEnd,
  connect,
  connectAfresh,
  deliver,
  deliverLate,
  end,
  go,
  hasten,
  ignore,
  leave,
  noted,
  start,
  stay,
  stream,
  useful,
} from "./moves.ts";
import type { Context, Event, EventOf, EventType, Phase, State, StateOf, Step } from "./state.ts";

/** Every state × every event: the compiler demands that no cell is missing. */
type Transitions = {
  readonly [P in Phase]: {
    readonly [E in EventType]: (state: StateOf<P>, event: EventOf<E>, context: Context) => Step;
  };
};

const stray = noted("stray-reply");
const goHome = (state: State) => go(state, "stopped");
const leaveForGood = (state: State) => leave(state, "stopped");
const reconnect = (state: State) => leave(state, "connect");
const destroy = (state: State) => stay(state, { do: "destroy" });

/** What the service says where no connection is: it cannot, and if it seems to, it is stale. */
const silent = {
  START: stray,
  EVENT: stray,
  RESULT: stray,
  ERROR: strayError,
  FATAL_ERROR: strayError,
  END: stray,
  malformed: stray,
};
/** What only matters while a session streams. */
const notNow = { wanted: ignore, starved: ignore, limit: ignore, handover: ignore, spoiled: ignore };

const transitions: Transitions = {
  idle: {
    ...silent,
    ...notNow,
    wanted: connect,
    exhausted: goHome,
    stop: goHome,
    reconfigured: ignore,
    deadline: ignore,
    opened: ignore,
    closed: ignore,
  },
  connecting: {
    ...silent,
    ...notNow,
    exhausted: leaveForGood,
    stop: leaveForGood,
    reconfigured: reconnect,
    deadline: (state, _event, context) => timedOut(state, "no connection to the service in time", context),
    opened: start,
    closed: lost,
  },
  starting: {
    ...notNow,
    exhausted: leaveForGood,
    stop: leaveForGood,
    reconfigured: reconnect,
    deadline: (state, _event, context) => timedOut(state, "START was not answered", context),
    opened: ignore,
    closed: closedBeforeStart,
    malformed: unreadable,
    START: stream,
    EVENT: noted("late-event"),
    RESULT: deliverLate,
    ERROR: startRefused,
    FATAL_ERROR: fatal,
    END: stray,
  },
  streaming: {
    wanted: ignore,
    exhausted: askForEnd("exhausted"),
    starved: askForEnd("starved"),
    limit: (state, { cancel }, context) =>
      end(state, "roll", { asked: true, cancel, settle: cancel ? "finals" : "sent" }, context),
    handover: askForEnd("handover"),
    spoiled: tryAgain,
    stop: askForEnd("stop"),
    reconfigured: askForEnd("reconfigured"),
    deadline: useful,
    opened: ignore,
    closed: closedInSession,
    malformed: unreadable,
    START: noted("start-answered-twice"),
    EVENT: heard,
    RESULT: recognised,
    ERROR: errorInSession,
    FATAL_ERROR: fatal,
    END: unaskedEnd,
  },
  ending: {
    ...notNow,
    spoiled: tryAgain,
    exhausted: ignore,
    stop: redirectEnd("stop"),
    reconfigured: redirectEnd("reconfigured"),
    deadline: endOverdue,
    opened: ignore,
    closed: closedInsteadOfEnd,
    malformed: unreadable,
    START: noted("start-answered-twice"),
    EVENT: heardWhileEnding,
    RESULT: recognisedWhileEnding,
    ERROR: errorInSession,
    FATAL_ERROR: fatal,
    END: ended,
  },
  failing: {
    ...notNow,
    exhausted: ignore,
    stop: stopInFailedSession,
    reconfigured: hasten,
    deadline: endAfterErrorMissing,
    opened: ignore,
    closed: closedAfterError,
    malformed: strayMessage,
    START: noted("start-answered-twice"),
    EVENT: ignore,
    RESULT: (state, event) => (state.heeds ? deliver(state, event) : ignore(state)),
    ERROR: strayError,
    FATAL_ERROR: fatal,
    END: failedSessionEnded,
  },
  resting: {
    ...notNow,
    exhausted: leaveForGood,
    stop: leaveForGood,
    reconfigured: reconnect,
    deadline: start,
    opened: ignore,
    closed: lost,
    malformed: strayMessage,
    START: stray,
    EVENT: noted("late-event"),
    RESULT: deliverLate,
    ERROR: strayError,
    FATAL_ERROR: fatal,
    END: stray,
  },
  lingering: {
    ...notNow,
    exhausted: ignore,
    stop: leaveForGood,
    reconfigured: ignore,
    deadline: (state) => leave(state, state.next),
    opened: ignore,
    closed: (state) => go(state, state.next),
    malformed: strayMessage,
    START: stray,
    EVENT: noted("late-event"),
    RESULT: deliverLate,
    ERROR: strayError,
    FATAL_ERROR: strayError,
    END: stray,
  },
  doomed: {
    ...silent,
    ...notNow,
    exhausted: ignore,
    stop: leaveForGood,
    reconfigured: hasten,
    deadline: destroy,
    opened: ignore,
    closed: (state) => go(state, state.plan),
  },
  leaving: {
    ...silent,
    ...notNow,
    exhausted: (state) => stay({ ...state, next: "stopped" }),
    stop: (state) => stay({ ...state, next: "stopped" }),
    reconfigured: (state) => (typeof state.next === "string" ? ignore(state) : stay({ ...state, next: "connect" })),
    deadline: destroy,
    opened: ignore,
    closed: (state) => go(state, state.next),
  },
  waiting: {
    ...silent,
    ...notNow,
    exhausted: goHome,
    stop: goHome,
    reconfigured: connectAfresh,
    deadline: connect,
    opened: ignore,
    closed: ignore,
  },
  stopped: {
    ...silent,
    ...notNow,
    exhausted: ignore,
    stop: ignore,
    reconfigured: ignore,
    deadline: ignore,
    opened: ignore,
    closed: ignore,
  },
};

/**
 * Decides what an event means in a state. Pure: no clock and no randomness but what `context` brings, no I/O.
 * `stay` keeps the running deadline; entering another phase ends it, unless the step sets a new one.
 */
export function step(state: State, event: Event, context: Context): Step {
  // The cell is that of this state and this event, which TypeScript cannot follow through two unions at once.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const cell = transitions[state.phase][event.type] as (state: State, event: Event, context: Context) => Step;
  return cell(state, event, context);
}
