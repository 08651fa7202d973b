import type { Fault } from "../base/fault.ts";
import type { Random } from "../base/random.ts";
import type { LinkEnding } from "../sis/link.ts";
import type { Reply, Segment } from "../sis/reply.ts";
import type { Mode } from "../sis/request.ts";
import type { Report } from "./report.ts";
import type { Plan, Standing } from "./retry.ts";

/** Why a session is being ended. */
export type Ending =
  | "sentence" // sentence mode: the service has heard the sentence's end and ignores what follows
  | "silence" // sentence mode: nobody spoke; what follows is ignored
  | "full" // the service says that the session's audio is over its limit
  | "roll" // we roll over before the limit
  | "handover" // the same, and another connection's session has taken over already
  | "starved" // capture delivers nothing; the service would disconnect
  | "exhausted" // the source is over
  | "reconfigured"
  | "stop";

/** How much of a session's audio the service is done with once the session is over. */
export type Settle =
  | "sent" // everything it was sent
  | "finals" // what its final results cover
  | "sentence" // the same; where there are none, what must have been heard before the sentence could end
  | "silence"; // the silence at its beginning

/** Where the connection goes next, once it is closed. */
export type Next = "connect" | "idle" | "stopped" | Plan;

/** The life of recognition: one connection at a time, one session at a time on it. */
export type State = { readonly standing: Standing } & (
  | { readonly phase: "idle" } // nothing to send, no connection
  | { readonly phase: "connecting" }
  | { readonly phase: "starting"; readonly reused: boolean } // START sent; `reused`: not the first on this connection
  | { readonly phase: "streaming" } // in a session: the only phase in which audio is sent
  | { readonly phase: "ending"; readonly why: Ending; readonly asked: boolean; readonly settle: Settle } // END is awaited; `asked`: END sent
  | { readonly phase: "failing"; readonly plan: Plan; readonly heeds: boolean } // ERROR in a session: its END is awaited; `heeds`: its results still count
  | { readonly phase: "resting" } // connected, no session: START again at the deadline
  | { readonly phase: "lingering"; readonly next: Next } // the connection's last session is over; a late result may still come
  | { readonly phase: "doomed"; readonly plan: Plan } // FATAL_ERROR: the service disconnects
  | { readonly phase: "leaving"; readonly next: Next } // we are closing the connection
  | { readonly phase: "waiting" } // no connection: connect again at the deadline
  | { readonly phase: "stopped" }
);
export type Phase = State["phase"];
export type StateOf<P extends Phase> = Extract<State, { readonly phase: P }>;

export type Event =
  | Reply
  | { readonly type: "wanted" } // there is audio to send
  | { readonly type: "exhausted" } // there is none, and there will never be more
  | { readonly type: "starved" } // there has been none for long
  | { readonly type: "limit"; readonly cancel: boolean } // the session has been sent as much as it may
  | { readonly type: "handover" } // what follows goes to another connection's session
  | { readonly type: "spoiled" } // a final segment came without words
  | { readonly type: "stop" }
  | { readonly type: "reconfigured" }
  | { readonly type: "deadline" } // what the last `wait` asked for
  | { readonly type: "opened" }
  | { readonly type: "malformed"; readonly fault: Fault; readonly again: boolean } // unreadable; `again`: worth another try
  | { readonly type: "closed"; readonly ending: LinkEnding };
export type EventType = Event["type"];
export type EventOf<E extends EventType> = Extract<Event, { readonly type: E }>;

/** What the service did that its protocol does not have, or did not let us do. Counted and logged under these names. */
export type Irregularity =
  | "start-answered-twice"
  | "unasked-end"
  | "end-missing"
  | "closed-without-end"
  | "late-result"
  | "late-event"
  | "late-error"
  | "stray-reply"
  | "repeated-result"
  | "malformed-message"
  | "second-session-refused";

/** What the shell has to do, in order. */
export type Effect =
  | { readonly do: "connect" }
  | { readonly do: "start" } // send START
  | { readonly do: "end"; readonly cancel: boolean } // send END
  | { readonly do: "close" } // politely
  | { readonly do: "destroy" } // at once
  | { readonly do: "wait"; readonly ms: number } // send `deadline` then; leaving the phase cancels it
  | { readonly do: "renew-credentials"; readonly serverDateMs: number | null }
  | { readonly do: "begin-session"; readonly traceId: string | null }
  | { readonly do: "end-session"; readonly settle: Settle; readonly reason: string }
  | { readonly do: "deliver"; readonly traceId: string | null; readonly segments: readonly Segment[] }
  | { readonly do: "note"; readonly irregularity: Irregularity; readonly detail: string }
  | { readonly do: "report"; readonly report: Report };

export interface Context {
  readonly nowMs: number;
  readonly random: Random;
  readonly mode: Mode;
  /** The running session has been of use. */
  readonly productive: boolean;
  /** Final results cover more than a sound of the running session: another one at once lies behind them. */
  readonly advanced: boolean;
  /** The connection is near its limit. */
  readonly spent: boolean;
  /** A pong has proved that everything sent has arrived. */
  readonly arrived: boolean;
  /** A service as slow as real time has this much of the running session's sound still to deal with, ms. */
  readonly owedMs: number;
}

export interface Step {
  readonly next: State;
  readonly effects: readonly Effect[];
}
