import { type FaultKind, type FaultMoment, type PlannedFault, repeatOf, type SimulatedFault } from "./faults.ts";

/** Where a fault can strike. */
export type Place =
  /** As soon as it is due. */
  | "server"
  /** A new connection asks to be let in. */
  | "door"
  /** Somebody asks for a token. */
  | "iam"
  /** A START, or an END, has come and is not answered yet. */
  | "start"
  | "end"
  /** A session is open. */
  | "session"
  /** A connection is open. */
  | "connection";

const places: Readonly<Record<FaultKind, Place>> = {
  error: "connection",
  "error-on-start": "start",
  "no-end-after-error": "session",
  fatal: "connection",
  "unasked-end": "session",
  "start-twice": "start",
  "result-without-result": "session",
  "late-result": "end",
  "exceeded-audio": "session",
  "limits-reached": "session",
  garbage: "connection",
  "unknown-type": "connection",
  binary: "connection",
  oversized: "connection",
  close: "connection",
  reset: "connection",
  "half-open": "connection",
  "slow-reader": "connection",
  stall: "connection",
  "accept-then-close": "door",
  refuse: "door",
  "refuse-connections": "server",
  "expire-tokens": "server",
  "clock-off": "server",
};

/** What a connection is for. */
export type Service = "rasr" | "rtts";

/** A fault in the plan, as `GET /control/state` shows it. Times are ms since the simulator began. */
export interface FaultRecord {
  readonly id: number;
  readonly at: FaultMoment | null;
  /** Absent: whichever. */
  readonly service?: Service;
  readonly fault: SimulatedFault;
  readonly added_ms: number;
  /** When its moment came; null: not yet. */
  readonly due_ms: number | null;
  /** How often it has struck, when first and last, and whom (the connection's number). */
  readonly fired: number;
  readonly first_fired_ms: number | null;
  readonly last_fired_ms: number | null;
  readonly connection: number | null;
  /** It will not strike (again). */
  readonly over: boolean;
}

/** Faults that are over are remembered up to this many. */
const memory = 1000;

/** The faults to come. Knows no clock: times are given, in ms since the simulator began. */
export class FaultPlan {
  #records: FaultRecord[] = [];
  #lastId = 0;

  /** Adds a fault; it is due at once where it has no moment. `wall_ms` counts from now. */
  add(planned: PlannedFault, nowMs: number): FaultRecord {
    const record: FaultRecord = {
      id: ++this.#lastId,
      at: planned.at ?? null,
      ...(planned.service !== undefined && { service: planned.service }),
      fault: planned.fault,
      added_ms: nowMs,
      due_ms: planned.at === undefined ? nowMs : null,
      fired: 0,
      first_fired_ms: null,
      last_fired_ms: null,
      connection: null,
      over: false,
    };
    this.#records.push(record);
    return record;
  }

  /** Takes back all faults that have not struck; those that have strike no more. */
  clear(): void {
    this.#records = this.#records.filter((record) => record.over || record.fired > 0).map(ended);
  }

  /** Where the simulator stands: a fault whose moment has passed when it is added strikes at the first opportunity. */
  passed(counts: Readonly<Record<"session" | "connection" | "audio_ms" | "spoken_ms", number>>, nowMs: number): void {
    for (const moment of ["session", "connection", "audio_ms", "spoken_ms"] as const)
      this.reached(moment, counts[moment], nowMs);
  }

  /** Every fault that is still to come, and the last ones that are over. */
  records(): readonly FaultRecord[] {
    return this.#records;
  }

  /** What has been reached: audio in total, or the number of a session or a connection that is beginning. */
  reached(what: "audio_ms" | "spoken_ms" | "session" | "connection", value: number, nowMs: number): void {
    this.#fallDue(nowMs, (at) => Object.entries(at).some(([key, moment]) => key === what && value >= moment));
  }

  /** Time has passed. */
  clock(nowMs: number): void {
    this.#fallDue(nowMs, (at, addedMs) => "wall_ms" in at && nowMs >= addedMs + at.wall_ms);
  }

  /** When `clock` should be called next; null: no fault waits for a time. */
  nextClockMs(): number | null {
    const times = this.#records.flatMap((record) =>
      record.due_ms === null && record.at !== null && "wall_ms" in record.at
        ? [record.added_ms + record.at.wall_ms]
        : [],
    );
    return times.length === 0 ? null : Math.min(...times);
  }

  /** The first fault that is due at `place`, which thereby strikes; null: none. @param service what the connection is for */
  strike(
    place: Place,
    nowMs: number,
    connection: number | null,
    service: Service | null = null,
  ): SimulatedFault | null {
    for (const [index, record] of this.#records.entries()) {
      if (record.over || record.due_ms === null || placeOf(record.fault) !== place) continue;
      if (record.service !== undefined && service !== null && record.service !== service) continue;
      const repeat = repeatOf(record.fault);
      if ("forMs" in repeat && nowMs >= record.due_ms + repeat.forMs) {
        this.#records[index] = { ...record, over: true };
        continue;
      }
      const fired = record.fired + 1;
      const over = "times" in repeat && fired >= repeat.times;
      this.#records[index] = {
        ...record,
        fired,
        first_fired_ms: record.first_fired_ms ?? nowMs,
        last_fired_ms: nowMs,
        connection,
        over,
      };
      if (over) this.#forget();
      return record.fault;
    }
    return null;
  }

  #fallDue(nowMs: number, isDue: (at: FaultMoment, addedMs: number) => boolean): void {
    for (const [index, record] of this.#records.entries()) {
      if (record.due_ms !== null || record.at === null || !isDue(record.at, record.added_ms)) continue;
      this.#records[index] = { ...record, due_ms: nowMs };
    }
  }

  #forget(): void {
    const finished = this.#records.filter((record) => record.over).length;
    if (finished <= memory) return;
    const oldest = this.#records.findIndex((record) => record.over);
    this.#records.splice(oldest, 1);
  }
}

function placeOf(fault: SimulatedFault): Place {
  return fault.kind === "refuse" && fault.where === "iam" ? "iam" : places[fault.kind];
}

function ended(record: FaultRecord): FaultRecord {
  return { ...record, over: true };
}
