import type { AudioLog } from "../audio/log.ts";
import type { Position } from "../audio/timeline.ts";
import type { Clock } from "../base/clock.ts";
import type { Lane } from "./lane.ts";
import { freshStanding, type Standing } from "./retry.ts";
import type { Irregularity, Phase } from "./state.ts";

/**
 * A session that is started ahead of its time must be given sound within 20 s, or the service disconnects. Nobody pausing
 * for this long, it takes over all the same.
 */
const longestStandbyMs = 10_000;

/** Who recognises, and how far the change to the next session is. */
type Course =
  /** One lane does it all. `alone`: its session ends without another being there to take over. */
  | { readonly stage: "steady"; readonly lane: Lane; readonly alone: boolean }
  /** The session is near its limit: `next` connects and starts one of its own. */
  | { readonly stage: "preparing"; readonly lane: Lane; readonly next: Lane }
  /** It has: it takes over in the next pause, or with the next final result. `answered`: where the last one ended. */
  | {
      readonly stage: "ready";
      readonly lane: Lane;
      readonly next: Lane;
      readonly answered: Position;
      readonly patience: Disposable;
    }
  /** What follows `cut` is sent to `next`, whose answers are held back; `lane` gives its last results. */
  | { readonly stage: "handing-over"; readonly lane: Lane; readonly next: Lane; readonly cut: Position }
  /** They are in: `lane` has taken over. `former` is listened to for a while, for a result that comes late. */
  | { readonly stage: "parting"; readonly lane: Lane; readonly former: Lane };

const underWay: ReadonlySet<Phase> = new Set(["idle", "connecting", "starting"]);

export interface RotationOptions {
  readonly log: AudioLog;
  readonly clock: Clock;
  /** Whether a second connection may be opened before the first is closed. */
  readonly overlaps: boolean;
  readonly makeLane: (standing: Standing) => Lane;
  readonly note: (irregularity: Irregularity, detail: string) => void;
  /** Another lane may have to send now. */
  readonly turned: () => void;
}

/**
 * Brings one session after the other before the limit of each, make before break, so that transcripts and the settled
 * position go on as if there were only one: what the next one answers counts when the one before has given its last
 * result. If it does not give it, the next one is dropped, and all is sent again from what is settled.
 */
export class Rotation {
  readonly #options: RotationOptions;
  #course: Course;

  constructor(options: RotationOptions) {
    this.#options = options;
    this.#course = this.#steady(options.makeLane(freshStanding));
  }

  /** The lane whose state is that of recognition. */
  get lane(): Lane {
    return this.#course.lane;
  }

  /** The lane that the log is read for. */
  get sending(): Lane {
    return this.#course.stage === "handing-over" ? this.#course.next : this.#course.lane;
  }

  get lanes(): readonly Lane[] {
    const course = this.#course;
    if (course.stage === "steady") return [course.lane];
    return [course.lane, course.stage === "parting" ? course.former : course.next];
  }

  /** No other session is prepared, or at its end. */
  get isSteady(): boolean {
    return this.#course.stage === "steady";
  }

  /** What the lane is doing is what recognition is doing. */
  speaksFor(lane: Lane): boolean {
    return lane === this.#course.lane || lane === this.sending;
  }

  /** The next pause in speech is to be used. */
  get untilPause(): boolean {
    return this.#course.stage === "steady" ? this.#course.alone : this.#course.stage === "ready";
  }

  /** The session is near its limit, and all is sent: opens the next connection. Not while there is a backlog to be answered. */
  lookAhead(): void {
    const { lane } = this.#course;
    if (this.#course.stage !== "steady" || this.#course.alone) return;
    const next = this.#options.makeLane(lane.standing);
    this.#go({ stage: "preparing", lane, next });
    next.dispatch({ type: "wanted" });
  }

  /** The sending session may not be sent more; `quiet`: nobody speaks. */
  full(quiet: boolean): void {
    const course = this.#course;
    if (course.stage === "ready" && quiet) this.#cutHere(course);
    else if (course.stage === "ready") this.#cutBehind(course);
    else if (course.stage === "steady" || course.stage === "preparing") {
      this.forgo("it is not ready in time");
      const { session } = course.lane;
      // In the middle of speech, a result behind us saves the word: the next session starts at its end.
      const cancel = !quiet && session !== null && session.heardTo > session.start;
      course.lane.dispatch({ type: "limit", cancel });
    }
  }

  /** A lane's session is over: what it has not settled is sent again. */
  sessionOver(lane: Lane): void {
    const course = this.#course;
    if (lane !== course.lane) return;
    if (course.stage === "handing-over" && this.#options.log.settled >= course.cut) {
      this.#go({ stage: "parting", lane: course.next, former: lane });
      if (course.next.session !== null) return;
    } else if (course.stage !== "parting") {
      this.takeBack("the session before it has failed");
      this.#go(this.#steady(lane));
    }
    this.#options.log.rewind();
  }

  /** Something has happened on a lane. */
  review(): void {
    const course = this.#course;
    switch (course.stage) {
      case "steady":
      case "handing-over":
        break;
      case "preparing":
        if (course.lane.phase !== "streaming") this.forgo("the session before it has failed");
        else if (course.next.phase === "streaming") this.#ready(course);
        else if (!underWay.has(course.next.phase)) this.#refused(course);
        break;
      case "ready":
        if (course.lane.phase !== "streaming") this.forgo("the session before it has failed");
        else if (course.next.phase !== "streaming") this.#refused(course);
        else if (this.#options.log.answered > course.answered) this.#cutBehind(course);
        break;
      case "parting":
        if (course.former.phase !== "lingering") this.#parted(course);
        break;
    }
  }

  /** A session that is being prepared is dropped. */
  forgo(reason: string): void {
    const course = this.#course;
    if (course.stage !== "preparing" && course.stage !== "ready") return;
    this.#go(this.#steady(course.lane));
    course.next.abandon(reason);
  }

  /** So is one that has begun to take over: what it was sent is sent again by whoever comes next. */
  takeBack(reason: string): void {
    this.forgo(reason);
    const course = this.#course;
    if (course.stage !== "handing-over") return;
    course.next.abandon(reason);
    this.#go(this.#steady(course.lane));
    this.#options.log.rewind();
  }

  /** A second connection or session is not to be had, which is no trouble: this session ends without one. */
  #refused(course: Course & { readonly next: Lane }): void {
    this.#options.note("second-session-refused", course.next.phase);
    this.#go({ stage: "steady", lane: course.lane, alone: true });
    course.next.abandon("refused");
  }

  #ready({ lane, next }: Course & { readonly next: Lane }): void {
    const { log, clock } = this.#options;
    const patience = clock.after(longestStandbyMs, () => {
      if (this.#course.stage === "ready") this.#cutBehind(this.#course);
    });
    this.#go({ stage: "ready", lane, next, answered: log.answered, patience });
  }

  /** Nobody speaks: what comes from now on is the next session's. */
  #cutHere({ lane, next }: { readonly lane: Lane; readonly next: Lane }): void {
    this.#go({ stage: "handing-over", lane, next, cut: this.#options.log.cursor });
    next.hold();
    next.takeOver();
    lane.dispatch({ type: "handover" });
  }

  /**
   * Somebody speaks, or a final result has just ended: the next session begins where the service is done, and the one
   * before is not asked for what it may have beyond that.
   */
  #cutBehind({ lane, next }: Course & { readonly next: Lane }): void {
    const { log } = this.#options;
    if (lane.session === null || log.settled <= lane.session.start) {
      this.#cutHere({ lane, next });
      return;
    }
    lane.abandon("roll");
    log.rewind();
    this.#go(this.#steady(next));
    next.takeOver();
    this.#options.turned();
  }

  #parted({ lane, former }: Course & { readonly former: Lane }): void {
    this.#go(this.#steady(lane));
    former.abandon("handover");
    lane.letGo();
  }

  #steady(lane: Lane): Course {
    return { stage: "steady", lane, alone: !this.#options.overlaps };
  }

  #go(course: Course): void {
    if (this.#course.stage === "ready") this.#course.patience[Symbol.dispose]();
    this.#course = course;
  }
}
