import type { AudioLog } from "../audio/log.ts";
import type { Clock } from "../base/clock.ts";
import { Fault, type FaultCode } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Link, LinkListener } from "../sis/link.ts";
import { encodeEnd, encodeStart, type Mode, type RasrConfig } from "../sis/request.ts";
import { sessionBounds } from "./bounds.ts";
import { Hearing } from "./hearing.ts";
import { step } from "./machine.ts";
import type { Report } from "./report.ts";
import { freshStanding } from "./retry.ts";
import { Sender } from "./sender.ts";
import type { Effect, Event, EventOf, Irregularity, State } from "./state.ts";
import { Throttle } from "./throttle.ts";

/** Messages that cannot have been a result of ours. */
const harmless: ReadonlySet<FaultCode> = new Set(["wire-unknown-type", "wire-binary"]);
const misplaced = "the service gave a result for sound that it was not sent";

/** Opens one connection to the service. `closed` is told exactly once, whatever happens. */
export type Dial = (listener: LinkListener, mark: () => number) => Link;

export interface RecognizerOptions {
  readonly log: AudioLog;
  readonly dial: Dial;
  /** The service refused the credentials in use. */
  readonly credentialsRefused: (serverDateMs: number | null) => void;
  readonly mode: Mode;
  readonly config: RasrConfig;
  /** One message of audio, ms. */
  readonly chunkMs: number;
  /** Samples to the bytes that `config.audioFormat` names. */
  readonly encode: (samples: Int16Array) => Uint8Array;
  /** How fast a backlog is sent at the most, times the source's own speed. */
  readonly catchUpRate: number;
  /** Of the source, times real time: 1, unless it is a recording that is played faster or slower. */
  readonly sourceSpeed: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Makes session ids. */
  readonly nextSessionId: () => string;
  readonly onReport: (report: Report) => void;
}

/**
 * Reads the audio log and has the service recognise it. The machine decides; this shell moves: it owns the connection
 * and the timers, feeds events in and carries effects out.
 */
export class Recognizer {
  readonly #options: RecognizerOptions;
  readonly #hearing: Hearing;
  readonly #sender: Sender;
  readonly #irregularities = new Map<string, number>();
  readonly #stopped = Promise.withResolvers<undefined>();
  readonly #queue: Event[] = [];
  #dispatching = false;
  #state: State = { phase: "idle", standing: freshStanding };
  #link: Link | null = null;
  #deadline: Disposable | null = null;
  #pumpTimer: Disposable | null = null;
  /** What the sender had sent when the running session began. */
  #sentBefore = 0;
  #sourceEnded = false;
  #stopping = false;

  constructor(options: RecognizerOptions) {
    this.#options = options;
    const bounds = sessionBounds(options.mode, options.config);
    const { log, config, clock, catchUpRate, sourceSpeed } = options;
    this.#hearing = new Hearing(log, bounds, config.property, sourceSpeed, options.onReport);
    this.#sender = new Sender({
      ...options,
      bounds,
      throttle: new Throttle(catchUpRate, sourceSpeed, clock.monotonicMs()),
    });
  }

  /** Resolves when it has stopped: asked to, or because a finite source is recognised to its end. */
  get stopped(): Promise<undefined> {
    return this.#stopped.promise;
  }

  /** What the service did that its protocol does not have: how often, by name. */
  get irregularities(): ReadonlyMap<string, number> {
    return this.#irregularities;
  }

  /** The log has grown. */
  audioArrived(): void {
    if (this.#state.phase === "idle" && this.#sender.hasChunk) this.#dispatch({ type: "wanted" });
    else this.#pump();
  }

  /** The log will not grow any more: what it holds is recognised, then recognition stops. */
  sourceEnded(): void {
    this.#sourceEnded = true;
    this.#dispatch({ type: this.#options.log.unread > 0 ? "wanted" : "exhausted" });
  }

  /** Sends the last of the sound, ends the session with its last results, closes the connection: 2.5 s at the most. */
  stop(): Promise<undefined> {
    this.#stopping = true;
    this.#sourceEnded = true;
    this.#pump();
    this.#dispatch({ type: "stop" });
    return this.stopped;
  }

  /** Something that may mend a hold has changed: every wait ends at once. */
  reconfigured(): void {
    this.#dispatch({ type: "reconfigured" });
  }

  /** Takes events one after the other, those that taking one brings about included. */
  #dispatch(event: Event): void {
    this.#queue.push(event);
    if (this.#dispatching) return;
    this.#dispatching = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#take(next);
    this.#dispatching = false;
    this.#pump();
  }

  #take(event: Event): void {
    const { clock, random, mode } = this.#options;
    const before = this.#state;
    const { productive } = this.#hearing;
    const { next, effects } = step(before, event, { nowMs: clock.monotonicMs(), random, mode, productive });
    this.#state = next;
    if (next.phase !== before.phase) this.#clearDeadline();
    for (const effect of effects) this.#perform(effect);
    if (next.phase !== before.phase) this.#entered(event);
  }

  /** A stop, and the end of the source, outlive whatever was under way when they came. */
  #entered(by: Event): void {
    if (this.#state.phase === "stopped") this.#stopped.resolve(undefined);
    else if (this.#stopping && by.type !== "stop") this.#queue.push({ type: "stop" });
    else if (this.#sourceEnded) this.#queue.push({ type: this.#options.log.unread > 0 ? "wanted" : "exhausted" });
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case "connect":
        this.#link = this.#options.dial(this.#listener(), () => this.#sender.sent);
        break;
      case "start":
        this.#link?.sendText(encodeStart(this.#options.config));
        break;
      case "end":
        this.#link?.sendText(encodeEnd(effect.cancel));
        break;
      case "close":
        this.#link?.close();
        break;
      case "destroy":
        this.#link?.destroy();
        break;
      case "wait":
        this.#clearDeadline();
        this.#deadline = this.#options.clock.after(effect.ms, () => this.#dispatch({ type: "deadline" }));
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
        break;
      case "deliver":
        this.#deliver(effect);
        break;
      case "note":
        this.#note(effect.irregularity, effect.detail);
        break;
      case "report":
        this.#options.onReport(effect.report);
        break;
    }
  }

  #listener(): LinkListener {
    return {
      opened: () => this.#dispatch({ type: "opened" }),
      reply: (reply) => {
        const failed = reply.type === "ERROR" || reply.type === "FATAL_ERROR";
        if (failed && this.#state.phase === "streaming") this.#sender.failed();
        this.#dispatch(reply);
      },
      malformed: (fault) => this.#unreadable(fault),
      confirmed: (sent) => {
        this.#sender.confirm(sent);
        this.#hearing.confirmed(sent - this.#sentBefore, this.#options.clock.monotonicMs());
        this.#pump();
      },
      closed: (ending) => {
        this.#link = null;
        this.#dispatch({ type: "closed", ending });
      },
    };
  }

  #deliver(result: Pick<EventOf<"RESULT">, "traceId" | "segments">): void {
    const heard = this.#hearing.deliver(result.traceId, result.segments);
    if (heard.dropped > 0) this.#note("repeated-result", `${heard.dropped} segments`);
    for (const transcript of heard.transcripts) this.#options.onReport({ type: "transcript", transcript });
    // In short mode the only result comes at the session's end, however long after its sound.
    if (heard.finalToMs !== null && this.#options.mode !== "short") this.#sender.answered(heard.finalToMs);
    if (heard.trouble === "wordless") this.#queue.push({ type: "spoiled" });
    if (heard.trouble === "misplaced") this.#unreadable(new Fault("wire-bad-message", misplaced));
  }

  #unreadable(fault: Fault): void {
    this.#dispatch({ type: "malformed", fault, again: !harmless.has(fault.code) && this.#hearing.unreadable() });
  }

  #pump(): void {
    this.#pumpTimer?.[Symbol.dispose]();
    this.#pumpTimer = null;
    const { session } = this.#hearing;
    if (this.#state.phase !== "streaming" || session === null || this.#link === null) return;
    const pause = this.#sender.pump(session, this.#link, this.#sourceEnded);
    switch (pause.why) {
      case "live":
        if (this.#sourceEnded) this.#dispatch({ type: "exhausted" });
        else this.#pumpTimer = this.#options.clock.after(this.#sender.starvedInMs, () => this.#pump());
        break;
      case "paced":
      case "fetching":
        this.#pumpTimer = this.#options.clock.after(pause.againInMs, () => this.#pump());
        break;
      case "full":
        // In the middle of speech, a result behind us saves the word: the next session starts at its end.
        this.#dispatch({ type: "limit", cancel: !pause.quiet && session.heardTo > session.start });
        break;
      case "starved":
        this.#dispatch({ type: "starved" });
        break;
    }
  }

  /** Counted always, logged ever more rarely: a service may do the same thing with every message. */
  #note(irregularity: Irregularity, detail: string): void {
    const count = (this.#irregularities.get(irregularity) ?? 0) + 1;
    this.#irregularities.set(irregularity, count);
    if (!Number.isInteger(Math.log2(count))) return;
    this.#options.logger.warn("the service did not keep to its protocol", { irregularity, count, detail });
  }

  #clearDeadline(): void {
    this.#deadline?.[Symbol.dispose]();
    this.#deadline = null;
  }
}
