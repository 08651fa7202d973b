import type { Withheld } from "../holes.ts";
import type { Verdict } from "../log.ts";
import type { Position } from "../timeline.ts";

/** About all sound before a position that nothing has been decided about yet. */
export interface Decision {
  readonly upTo: Position;
  readonly verdict: Verdict;
}

export type GateState =
  /** Nothing passes; the latest sound is kept undecided, in case it turns out to be the beginning of speech. */
  | { readonly phase: "shut" }
  /** Someone spoke, or let go of the button, a moment ago. */
  | { readonly phase: "open"; readonly until: Position }
  /** The button is held. */
  | { readonly phase: "held" }
  /** There is nothing to wait for: all sound passes. */
  | { readonly phase: "always" }
  /** Muted for one reason or more; `after`: where it goes on afterwards. */
  | { readonly phase: "muted"; readonly mutes: readonly Muting[]; readonly after: "shut" | "held" | "always" };

/** Why nothing is to pass, whoever speaks. */
export type Muting = Exclude<Withheld, "silence">;

export type GatePhase = GateState["phase"];
type StateOf<P extends GatePhase> = Extract<GateState, { readonly phase: P }>;

/** `frame`: a frame of sound was looked at. `missed`: before what comes next, so many samples were not recorded. */
export type GateEvent =
  | { readonly type: "frame"; readonly speech: boolean }
  | { readonly type: "press" | "release" }
  | { readonly type: "missed"; readonly samples: number }
  | { readonly type: "mute" | "unmute"; readonly why: Muting };

type EventOf<E extends GateEvent["type"]> = GateEvent & { readonly type: E };

interface Context {
  /** Where the log's sound ends, as far as it has been looked at. */
  readonly at: Position;
  /** Samples that pass after the last speech, and after the button. */
  readonly hangover: number;
}

type Transitions = {
  readonly [P in GatePhase]: {
    readonly [E in GateEvent["type"]]: (state: StateOf<P>, event: EventOf<E>, context: Context) => GateState;
  };
};

const stay = (state: GateState): GateState => state;
const shut: GateState = { phase: "shut" };
const hold = (): GateState => ({ phase: "held" });
const muteBefore =
  (after: StateOf<"muted">["after"]) =>
  (_state: GateState, { why }: EventOf<"mute">): GateState => ({ phase: "muted", mutes: [why], after });
const linger = (_state: GateState, _event: GateEvent, { at, hangover }: Context): GateState => ({
  phase: "open",
  until: at + hangover,
});

const transitions: Transitions = {
  shut: {
    frame: (state, event, context) => (event.speech ? linger(state, event, context) : state),
    press: hold,
    release: stay,
    missed: stay,
    mute: muteBefore("shut"),
    unmute: stay,
  },
  open: {
    frame: (state, event, context) => {
      if (!event.speech) return context.at < state.until ? state : shut;
      return { phase: "open", until: Math.max(state.until, context.at + context.hangover) };
    },
    press: hold,
    release: stay,
    missed: (state, { samples }, { at }) =>
      at < state.until - samples ? { ...state, until: state.until - samples } : shut,
    mute: muteBefore("shut"),
    unmute: stay,
  },
  held: { frame: stay, press: stay, release: linger, missed: stay, mute: muteBefore("held"), unmute: stay },
  always: { frame: stay, press: stay, release: stay, missed: stay, mute: muteBefore("always"), unmute: stay },
  muted: {
    frame: stay,
    press: (state) => (state.after === "shut" ? { ...state, after: "held" } : state),
    release: (state) => (state.after === "held" ? { ...state, after: "shut" } : state),
    missed: stay,
    mute: (state, { why }) => ({ ...state, mutes: [...state.mutes, why] }),
    unmute: (state, { why }) => {
      const ended = state.mutes.indexOf(why);
      const mutes = state.mutes.filter((_, index) => index !== ended);
      return mutes.length > 0 ? { ...state, mutes } : { phase: state.after };
    },
  },
};

/** The gate's next state. Pure. */
export function stepGate(state: GateState, event: GateEvent, context: Context): GateState {
  // The cell is that of this state and this event, which TypeScript cannot follow through two unions at once.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const cell = transitions[state.phase][event.type] as (
    state: GateState,
    event: GateEvent,
    context: Context,
  ) => GateState;
  return cell(state, event, context);
}

/** What is decided when the gate leaves `state` for `next` at `at`. What a shut gate has kept passes if it opens. */
export function decidedOnLeaving(state: GateState, next: GateState, at: Position): Decision | null {
  if (next.phase === state.phase) return null;
  if (state.phase !== "shut") return { upTo: at, verdict: verdictOf(state) };
  return next.phase === "muted" ? { upTo: at, verdict: "silence" } : null;
}

/** What is decided about sound that ends at `at` while the gate stays as it is. @param kept what a shut gate keeps, samples */
export function decidedStaying(state: GateState, at: Position, kept: number): Decision {
  return { upTo: state.phase === "shut" ? at - kept : at, verdict: verdictOf(state) };
}

function verdictOf(state: GateState): Verdict {
  switch (state.phase) {
    case "shut":
      return "silence";
    case "muted":
      // What somebody wants counts before what the device does.
      return state.mutes.includes("muted") ? "muted" : "speaking";
    case "open":
    case "held":
    case "always":
      return "send";
  }
}
