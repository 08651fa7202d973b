import type { AudioLog } from "../audio/log.ts";
import { Fault, type FaultCode } from "../base/fault.ts";
import type { Random } from "../base/random.ts";
import type { LinkListener } from "../sis/link.ts";
import { encodeEnd, encodeStart, type Mode, type RasrConfig } from "../sis/request.ts";
import { Connection, type Dial } from "./connection.ts";
import { Hearing } from "./hearing.ts";
import { step } from "./machine.ts";
import type { Report } from "./report.ts";
import type { Standing } from "./retry.ts";
import { type Pause, Sender, type SenderOptions } from "./sender.ts";
import type { Session } from "./session.ts";
import type { Context, Effect, Event, EventOf, Irregularity, Phase, State } from "./state.ts";

/** Messages that cannot have been a result of ours. */
const harmless: ReadonlySet<FaultCode> = new Set(["wire-unknown-type", "wire-binary"]);
const misplaced = "the service gave a result for sound that it was not sent";

export interface LaneOptions extends SenderOptions {
  readonly log: AudioLog;
  readonly dial: Dial;
  /** The service refused the credentials in use. */
  readonly credentialsRefused: (serverDateMs: number | null) => void;
  /** How much longer the credentials in use are good, ms; null: they do not end. */
  readonly credentialsGoodForMs: () => number | null;
  readonly mode: Mode;
  readonly config: RasrConfig;
  /** Of the source, times real time. */
  readonly sourceSpeed: number;
  readonly random: Random;
  /** Makes session ids. */
  readonly nextSessionId: () => string;
}

/** Whoever runs a lane is told what happens on it. */
export interface LaneHost {
  report(report: Report): void;
  note(irregularity: Irregularity, detail: string): void;
  /** A session has settled what it could: what it was sent beyond that goes out again. */
  sessionOver(): void;
  /** Something has happened, and the lane has dealt with it. */
  turned(): void;
  /** A stop, a rest, and the end of the source outlive whatever was under way when they came: what to tell the lane again. */
  standingOrder(): Event | null;
}

/**
 * One connection to the service at a time, and one session at a time on it. The machine decides; this shell moves: it
 * owns the connection and the timers, feeds events in and carries effects out.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #host: LaneHost;
  readonly #hearing: Hearing;
  readonly #sender: Sender;
  readonly #connection: Connection;
  readonly #queue: Event[] = [];
  #dispatching = false;
  #state: State;
  #deadline: Disposable | null = null;
  /** What the sender had sent when the running session began. */
  #sentBefore = 0;

  constructor(options: LaneOptions, standing: Standing, host: LaneHost) {
    this.#options = options;
    this.#host = host;
    this.#state = { phase: "idle", standing };
    this.#hearing = new Hearing(options.log, options.bounds, options.config.property, options.sourceSpeed, (report) =>
      host.report(report),
    );
    this.#sender = new Sender(options);
    this.#connection = new Connection(options.dial, this.#listener(), () => this.#sender.sent);
  }

  get phase(): Phase {
    return this.#state.phase;
  }

  get standing(): Standing {
    return this.#state.standing;
  }

  /** The running session. */
  get session(): Session | null {
    return this.#hearing.session;
  }

  /** Whether a whole message waits to be sent. */
  get hasChunk(): boolean {
    return this.#sender.hasChunk;
  }

  /** Sends what may be sent now; null: no session streams. */
  pump(how: Parameters<Sender["pump"]>[2]): Pause | null {
    const { session } = this.#hearing;
    const { link } = this.#connection;
    if (this.#state.phase !== "streaming" || session === null || link === null) return null;
    return this.#sender.pump(session, link, how);
  }

  /** Its session, which was only prepared so far, begins where the log is read now. */
  takeOver(): void {
    this.#hearing.beginHere();
  }

  /** What the service says to it is kept until it is let go of: it is another lane's turn to be heard. */
  hold(): void {
    this.#connection.hold();
  }

  letGo(): void {
    this.#connection.letGo();
  }

  /** Lets go of the connection and its session at once. What its results have not settled by now, they never will. */
  abandon(reason: string): void {
    if (this.#state.phase === "streaming") this.#connection.link?.sendText(encodeEnd(true));
    this.#hearing.end("finals", reason);
    this.#connection.drop();
    this.#queue.length = 0;
    this.#clearDeadline();
    this.#state = { phase: "stopped", standing: this.#state.standing };
  }

  /** Takes events one after the other, those that taking one brings about included. */
  dispatch(event: Event): void {
    this.#queue.push(event);
    if (this.#dispatching) return;
    this.#dispatching = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#take(next);
    this.#dispatching = false;
    this.#host.turned();
  }

  #take(event: Event): void {
    const before = this.#state;
    const { next, effects } = step(before, event, this.#context());
    this.#state = next;
    if (next.phase !== before.phase) this.#clearDeadline();
    for (const effect of effects) this.#perform(effect);
    if (next.phase === before.phase || next.phase === "stopped") return;
    const order = this.#host.standingOrder();
    if (order !== null && order.type !== event.type) this.#queue.push(order);
  }

  #context(): Context {
    const { clock, random, mode } = this.#options;
    const { productive, advanced } = this.#hearing;
    const nowMs = clock.monotonicMs();
    const spent = this.#sender.isSpent(nowMs);
    const owedMs = this.#hearing.owedMs(nowMs);
    return { nowMs, random, mode, productive, advanced, spent, arrived: this.#sender.arrived, owedMs };
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case "connect":
        this.#connection.open();
        break;
      case "start":
        this.#connection.link?.sendText(encodeStart(this.#options.config));
        break;
      case "end":
        // Its pong comes before the answer to the END: an END without it was said before ours arrived.
        this.#connection.link?.ping();
        this.#connection.link?.sendText(encodeEnd(effect.cancel));
        break;
      case "close":
        this.#connection.link?.close();
        break;
      case "destroy":
        this.#connection.link?.destroy();
        break;
      case "wait":
        this.#clearDeadline();
        this.#deadline = this.#options.clock.after(effect.ms, () => this.dispatch({ type: "deadline" }));
        break;
      case "renew-credentials":
        this.#options.credentialsRefused(effect.serverDateMs);
        break;
      case "begin-session":
        this.#sentBefore = this.#sender.sent;
        this.#sender.begin();
        this.#hearing.begin(this.#options.nextSessionId(), effect.traceId);
        break;
      case "end-session":
        this.#hearing.end(effect.settle, effect.reason);
        this.#host.sessionOver();
        break;
      case "deliver":
        this.#deliver(effect);
        break;
      case "note":
        this.#host.note(effect.irregularity, effect.detail);
        break;
      case "report":
        this.#host.report(effect.report);
        break;
    }
  }

  #listener(): LinkListener {
    return {
      opened: () => {
        this.#sender.connected(this.#options.credentialsGoodForMs());
        this.dispatch({ type: "opened" });
      },
      reply: (reply) => {
        const failed = reply.type === "ERROR" || reply.type === "FATAL_ERROR";
        if (failed && this.#state.phase === "streaming") this.#sender.failed();
        this.dispatch(reply);
      },
      malformed: (fault) => this.#unreadable(fault),
      confirmed: (sent) => {
        this.#sender.confirm(sent);
        this.#hearing.reached(sent - this.#sentBefore, this.#options.clock.monotonicMs());
        // While another lane is to be heard, what lies before the handover is that one's.
        if (!this.#connection.holding) this.#hearing.settleSilence();
        this.#host.turned();
      },
      closed: (ending) => this.dispatch({ type: "closed", ending }),
    };
  }

  #deliver(result: Pick<EventOf<"RESULT">, "traceId" | "segments">): void {
    const heard = this.#hearing.deliver(result.traceId, result.segments);
    if (heard.dropped > 0) this.#host.note("repeated-result", `${heard.dropped} segments`);
    // In short mode the only result comes at the session's end, however long after its sound.
    if (heard.finalToMs !== null && this.#options.mode !== "short") this.#sender.answered(heard.finalToMs);
    if (heard.trouble === "wordless") this.#queue.push({ type: "spoiled" });
    if (heard.trouble === "misplaced") this.#unreadable(new Fault("wire-bad-message", misplaced));
  }

  #unreadable(fault: Fault): void {
    // Before and after a session nothing can be a result of ours; once it has failed, its sound is sent again anyway.
    const isInSession = this.#state.phase === "streaming" || this.#state.phase === "ending";
    const again = isInSession && !harmless.has(fault.code) && this.#hearing.unreadable();
    this.dispatch({ type: "malformed", fault, again });
  }

  #clearDeadline(): void {
    this.#deadline?.[Symbol.dispose]();
    this.#deadline = null;
  }
}
