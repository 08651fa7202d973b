import type { PanelKind, PanelMessage } from "./messages.ts";

/** Where we are with the panel. Times are monotonic. */
export type PanelLink =
  /** The port is not open. */
  | { readonly phase: "closed" }
  /** The port is open; the panel is asked to say hello. */
  | { readonly phase: "greeting"; readonly sinceMs: number }
  /** It has not said hello for so long that someone was told; it is asked all the same. */
  | { readonly phase: "unanswered" }
  | { readonly phase: "up"; readonly kind: PanelKind; readonly heardMs: number };

export type LinkPhase = PanelLink["phase"];

export type LinkEvent =
  /** The port is open, or it is no longer. */
  | { readonly type: "opened" | "closed" }
  | PanelMessage
  /** A second has passed. */
  | { readonly type: "tick" };

export type LinkEffect =
  | "greet" // ask for a hello
  | "welcome" // it can be used: show everything; it is well; its keys may begin anew
  | "beat" // show the lamps again
  | "forsake" // it can no longer be used: let go of its keys
  | "miss"; // tell that it does not answer

export interface LinkStep {
  readonly next: PanelLink;
  readonly effects: readonly LinkEffect[];
}

/** An Arduino resets when its port is opened, and takes two seconds for that. */
export const patienceMs = 8000;
/** Five heartbeats. */
export const silenceMs = 5000;

type StateOf<P extends LinkPhase> = Extract<PanelLink, { readonly phase: P }>;
type EventOf<T extends LinkEvent["type"]> = Extract<LinkEvent, { readonly type: T }>;
type Table = {
  readonly [P in LinkPhase]: {
    readonly [T in LinkEvent["type"]]: (state: StateOf<P>, event: EventOf<T>, nowMs: number) => LinkStep;
  };
};

const stay = (state: PanelLink): LinkStep => ({ next: state, effects: [] });
const close = (): LinkStep => ({ next: { phase: "closed" }, effects: [] });
const greet = (_state: PanelLink, _event: LinkEvent, nowMs: number): LinkStep => ({
  next: { phase: "greeting", sinceMs: nowMs },
  effects: ["greet"],
});
const welcome = (_state: PanelLink, { kind }: EventOf<"hello">, nowMs: number): LinkStep => ({
  next: { phase: "up", kind, heardMs: nowMs },
  effects: ["welcome"],
});

const table: Table = {
  closed: { opened: greet, closed: stay, hello: stay, keys: stay, tick: stay },
  greeting: {
    opened: stay,
    closed: close,
    hello: welcome,
    // It has been running for longer than we have: its hello was before our time, and it is being asked for it.
    keys: stay,
    tick: (state, _event, nowMs) =>
      nowMs - state.sinceMs < patienceMs
        ? { next: state, effects: ["greet"] }
        : { next: { phase: "unanswered" }, effects: ["greet", "miss"] },
  },
  unanswered: {
    opened: stay,
    closed: close,
    hello: welcome,
    keys: stay,
    tick: (state) => ({ next: state, effects: ["greet"] }),
  },
  up: {
    opened: stay,
    closed: () => ({ next: { phase: "closed" }, effects: ["forsake"] }),
    // It has started anew, or was asked twice. It tells its keys at once: nobody has to let go of them.
    hello: welcome,
    keys: (state, _event, nowMs) => ({ next: { ...state, heardMs: nowMs }, effects: [] }),
    tick: (state, _event, nowMs) =>
      nowMs - state.heardMs < silenceMs
        ? { next: state, effects: ["beat"] }
        : { next: { phase: "unanswered" }, effects: ["forsake", "miss", "greet"] },
  },
};

/** The next state, and what is to be done. Pure. */
export function stepLink(state: PanelLink, event: LinkEvent, nowMs: number): LinkStep {
  // The cell is that of this state and this event, which TypeScript cannot follow through two unions at once.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const cell = table[state.phase][event.type] as (state: PanelLink, event: LinkEvent, nowMs: number) => LinkStep;
  return cell(state, event, nowMs);
}
