import type { Logger } from "../base/logger.ts";
import { type Bounds, sessionBounds } from "./bounds.ts";
import { Lane, type LaneOptions } from "./lane.ts";
import type { Report } from "./report.ts";
import type { Standing } from "./retry.ts";
import { Rotation } from "./rotation.ts";
import type { Event, Irregularity } from "./state.ts";
import { Throttle } from "./throttle.ts";

export interface RecognizerOptions extends Omit<LaneOptions, "bounds" | "throttle"> {
  /** How fast a backlog is sent at the most, times the source's own speed. */
  readonly catchUpRate: number;
  /** Default: what follows from the service's limits. */
  readonly bounds?: Bounds;
  readonly logger: Logger;
  /** What the service does that its protocol does not have is counted here, by name: over all recognizers of a run. */
  readonly irregularities: Map<string, number>;
  readonly onReport: (report: Report) => void;
}

/**
 * Reads the audio log and has the service recognise it: keeps the lane going that sends, brings them to an end when it
 * is time, and tells what they tell, as if there were only one.
 */
export class Recognizer {
  readonly #options: RecognizerOptions;
  readonly #laneOptions: LaneOptions;
  readonly #rotation: Rotation;
  readonly #stopped = Promise.withResolvers<undefined>();
  #nextPump: { readonly dueMs: number; readonly timer: Disposable } | null = null;
  /**
   * What is to come to an end: the session, once all sound there is was recognised (until there is more), the source in
   * the same way, or recognition at once.
   */
  #closing: "session" | "source" | "all" | null = null;

  constructor(options: RecognizerOptions) {
    this.#options = options;
    const { mode, config, clock, log, catchUpRate, sourceSpeed } = options;
    const bounds = options.bounds ?? sessionBounds(mode, config);
    const throttle = new Throttle(catchUpRate, sourceSpeed, clock.monotonicMs());
    this.#laneOptions = { ...options, bounds, throttle };
    this.#rotation = new Rotation({
      log,
      clock,
      overlaps: mode === "continuous",
      makeLane: (standing) => this.#makeLane(standing),
      note: (irregularity, detail) => this.#note(irregularity, detail),
      turned: () => this.#turned(),
    });
  }

  /** Resolves when it has stopped: asked to, or because a finite source is recognised to its end. */
  get stopped(): Promise<undefined> {
    return this.#stopped.promise;
  }

  /** The log has grown. */
  audioArrived(): void {
    const lane = this.#rotation.sending;
    if (lane.phase === "idle" && lane.hasChunk) lane.dispatch({ type: "wanted" });
    else this.#pump();
  }

  /** The log will not grow any more: what it holds is recognised, then recognition stops. */
  sourceEnded(): void {
    if (this.#closing === "all") return;
    this.#close("source");
    this.#rotation.sending.dispatch(this.#rest);
  }

  /**
   * No sound comes until this is taken back: what the log holds is recognised, then the session is ended, with its last
   * results and its connection.
   */
  rest(resting: boolean): void {
    if (this.#closing === "source" || this.#closing === "all") return;
    this.#closing = resting ? "session" : null;
    if (resting) this.#rotation.sending.dispatch({ type: this.#options.log.unread > 0 ? "wanted" : "starved" });
  }

  /** Sends the last of the sound, ends the session with its last results, closes the connection: 2.5 s at the most. */
  stop(): Promise<undefined> {
    this.#close("all");
    this.#pump();
    for (const lane of this.#rotation.lanes) lane.dispatch({ type: "stop" });
    return this.stopped;
  }

  /** Something that may mend a hold has changed: every wait ends at once. */
  reconfigured(): void {
    this.#rotation.takeBack("reconfigured");
    this.#rotation.lane.dispatch({ type: "reconfigured" });
  }

  #close(what: "source" | "all"): void {
    this.#closing = what;
    this.#rotation.forgo("the end");
  }

  #makeLane(standing: Standing): Lane {
    const lane: Lane = new Lane(this.#laneOptions, standing, {
      report: (report) => this.#report(lane, report),
      note: (irregularity, detail) => this.#note(irregularity, detail),
      sessionOver: () => this.#rotation.sessionOver(lane),
      turned: () => this.#turned(),
      standingOrder: () => this.#standingOrder(),
    });
    return lane;
  }

  #standingOrder(): Event | null {
    if (this.#closing === "all") return { type: "stop" };
    if (this.#closing === "source") return this.#rest;
    // A session may have ended before the end of what there is, as a sentence's does.
    return this.#closing === "session" && this.#options.log.unread > 0 ? { type: "wanted" } : null;
  }

  get #rest(): Event {
    return { type: this.#options.log.unread > 0 ? "wanted" : "exhausted" };
  }

  #report(lane: Lane, report: Report): void {
    if (report.type === "transcript" || this.#rotation.speaksFor(lane)) this.#options.onReport(report);
  }

  #turned(): void {
    this.#rotation.review();
    if (this.#rotation.isSteady && this.#rotation.lane.phase === "stopped") this.#stopped.resolve(undefined);
    this.#pump();
  }

  #pump(): void {
    const lane = this.#rotation.sending;
    const pause = lane.pump({ last: this.#closing !== null, untilPause: this.#rotation.untilPause });
    switch (pause?.why) {
      case undefined:
        this.#nextPump?.timer[Symbol.dispose]();
        this.#nextPump = null;
        break;
      case "live":
        if (this.#closing === null) {
          this.#pumpAgain(pause.againAtMs);
          if (pause.nearLimit) this.#rotation.lookAhead();
        } else lane.dispatch({ type: this.#closing === "session" ? "starved" : "exhausted" });
        break;
      case "paced":
      case "fetching":
        this.#pumpAgain(pause.againAtMs);
        break;
      case "full":
        this.#rotation.full(pause.quiet);
        break;
      case "starved":
        // What is too short for a message would fall out of memory while no more comes.
        lane.pump({ last: true, untilPause: false });
        lane.dispatch({ type: "starved" });
        break;
    }
  }

  /** A timer that is due before is left alone: it will find out that there is nothing to do, and much sound comes by then. */
  #pumpAgain(dueMs: number): void {
    if (this.#nextPump !== null && this.#nextPump.dueMs <= dueMs) return;
    this.#nextPump?.timer[Symbol.dispose]();
    const { clock } = this.#options;
    const timer = clock.after(dueMs - clock.monotonicMs(), () => {
      this.#nextPump = null;
      this.#pump();
    });
    this.#nextPump = { dueMs, timer };
  }

  /** Counted always, logged ever more rarely: a service may do the same thing with every message. */
  #note(irregularity: Irregularity, detail: string): void {
    const { irregularities, logger } = this.#options;
    const count = (irregularities.get(irregularity) ?? 0) + 1;
    irregularities.set(irregularity, count);
    if (!Number.isInteger(Math.log2(count))) return;
    const alone = irregularity === "second-session-refused";
    const what = alone
      ? "no second session is to be had before the first ends"
      : "the service did not keep to its protocol";
    logger.warn(what, { irregularity, count, detail });
  }
}
