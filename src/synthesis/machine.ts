import { bytesPerSecond, type RttsConfig } from "../sis/rtts.ts";
import { endedBadly, fatal, flooded, lost, refused, timedOut } from "./failures.ts";
import type { SpeechIrregularity } from "./report.ts";
import type { Context, Effect, Event, EventOf, EventType, Phase, SoundBounds, State, StateOf, Step } from "./state.ts";

/** How long the service may take, ms. A token may have to be got before the connection. */
export const limitsMs = { connect: 15_000, start: 5_000, firstSound: 10_000, nextSound: 5_000 } as const;
/** How much of real time a service must keep up with: one that dribbles holds the voice, and keeps the microphone shut. */
const leastRate = 0.25;
/** No text takes longer, however slowly it is spoken. */
const longestSeconds = { anyText: 30, aCharacter: 2 };

/** What sound may come of a text. */
export function soundBounds(text: string, config: RttsConfig): SoundBounds {
  const rate = bytesPerSecond(config);
  return {
    leastBytes: (rate * leastRate * limitsMs.nextSound) / 1000,
    mostBytes: rate * (longestSeconds.anyText + longestSeconds.aCharacter * text.length),
  };
}

/** Every state × every event: the compiler demands that no cell is missing. */
type Transitions = {
  readonly [P in Phase]: {
    readonly [E in EventType]: (state: StateOf<P>, event: EventOf<E>, context: Context) => Step;
  };
};

const wait = (ms: number): Effect => ({ do: "wait", ms });
const ignore = (state: State): Step => ({ next: state, effects: [] });
const noted =
  (irregularity: SpeechIrregularity) =>
  (state: State): Step => ({ next: state, effects: [{ do: "note", irregularity }] });
const stray = noted("stray-reply");
const malformed = noted("malformed-message");

function connect({ tries }: State): Step {
  return { next: { phase: "connecting", tries }, effects: [{ do: "connect" }, wait(limitsMs.connect)] };
}

function start({ tries }: State): Step {
  return { next: { phase: "starting", tries }, effects: [{ do: "start" }, wait(limitsMs.start)] };
}

function started({ tries }: State): Step {
  return { next: { phase: "hearing", tries, bytes: 0 }, effects: [wait(limitsMs.firstSound)] };
}

function hear(state: StateOf<"hearing">, { bytes }: EventOf<"sound">, context: Context): Step {
  const total = state.bytes + bytes.length;
  const { leastBytes, mostBytes } = context.bounds;
  if (total > mostBytes) return flooded(state, context);
  const enough = Math.floor(total / leastBytes) > Math.floor(state.bytes / leastBytes);
  const effects: Effect[] = [{ do: "keep", bytes }, ...(enough ? [wait(limitsMs.nextSound)] : [])];
  return { next: { ...state, bytes: total }, effects };
}

/** Sound proves as well as START that the text was accepted. */
function hearAtOnce(state: State, event: EventOf<"sound">, context: Context): Step {
  const { next, effects } = hear({ phase: "hearing", tries: state.tries, bytes: 0 }, event, context);
  return { next, effects: [{ do: "note", irregularity: "sound-before-start" }, wait(limitsMs.firstSound), ...effects] };
}

function end(state: StateOf<"hearing">, event: EventOf<"END">, context: Context): Step {
  if (event.reason !== "NORMAL" || state.bytes === 0) return endedBadly(state, event, context);
  return { next: { phase: "done", tries: state.tries }, effects: [{ do: "close" }] };
}

function cancel({ tries }: State): Step {
  return { next: { phase: "cancelled", tries }, effects: [{ do: "close" }] };
}

/** What the service says where no connection is: it cannot, and if it seems to, it is stale. */
const silent = {
  begin: ignore,
  opened: ignore,
  START: ignore,
  EVENT: ignore,
  RESULT: ignore,
  ERROR: ignore,
  FATAL_ERROR: ignore,
  END: ignore,
  sound: ignore,
  malformed: ignore,
  closed: ignore,
  deadline: ignore,
};

const transitions: Transitions = {
  idle: { ...silent, begin: connect, cancel },
  connecting: {
    ...silent,
    opened: start,
    closed: lost,
    deadline: (state, _event, context) => timedOut(state, "no connection to the service in time", context),
    cancel,
  },
  starting: {
    begin: ignore,
    opened: ignore,
    START: started,
    EVENT: stray,
    RESULT: stray,
    ERROR: refused,
    FATAL_ERROR: fatal,
    END: endedBadly,
    sound: hearAtOnce,
    malformed,
    closed: lost,
    deadline: (state, _event, context) => timedOut(state, "START was not answered in time", context),
    cancel,
  },
  hearing: {
    begin: ignore,
    opened: ignore,
    START: noted("start-answered-twice"),
    EVENT: stray,
    RESULT: stray,
    ERROR: refused,
    FATAL_ERROR: fatal,
    END: end,
    sound: hear,
    malformed,
    closed: lost,
    deadline: (state, _event, context) =>
      timedOut(state, state.bytes === 0 ? "no sound came in time" : "the sound broke off, and no END came", context),
    cancel,
  },
  waiting: { ...silent, deadline: connect, cancel },
  done: { ...silent, cancel: ignore },
  failed: { ...silent, cancel: ignore },
  cancelled: { ...silent, cancel: ignore },
};

/**
 * Decides what an event means for a piece of text. Pure: no clock and no randomness but what `context` brings, no I/O.
 * Staying in a phase keeps the running deadline; entering another ends it, unless the step sets a new one.
 */
export function step(state: State, event: Event, context: Context): Step {
  // The cell is that of this state and this event, which TypeScript cannot follow through two unions at once.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const cell = transitions[state.phase][event.type] as (state: State, event: Event, context: Context) => Step;
  return cell(state, event, context);
}
