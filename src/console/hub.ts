import type { Clock } from "../base/clock.ts";
import type { FleetModel } from "./model.ts";
import { type Batch, type Detail, detailOf, type Glance, type Row, rowOf, rowsOf } from "./wire.ts";

// Tells the pages what has changed, as server-sent events: in batches, and to a slow reader in fewer and larger ones.

/** Changes are collected this long. */
const batchMs = 100;
const glanceMs = 1_000;
const detailMs = 500;
const heartbeatMs = 15_000;
const rowsAtOnce = 500;
/** Pages open at a time. */
const mostReaders = 64;

/** The type of what the hub tells. */
export const eventStream = "text/event-stream; charset=utf-8";

/** An answer that does not end: what the hub needs of node:http's ServerResponse. */
export interface EventSink {
  readonly writableNeedDrain: boolean;
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  /** @returns false: it does not read as fast as it is told */
  write(text: string): boolean;
  end(): unknown;
  on(event: "drain" | "close", listener: () => void): unknown;
}

/** A comment of the stream. */
const heartbeat = ":\n\n";

interface Reader {
  readonly response: EventSink;
  /** What it has not been told because it does not read as fast as it is told; null: it does. */
  missed: Set<string> | null;
}

export class Hub implements Disposable {
  readonly #model: FleetModel;
  readonly #clock: Clock;
  readonly #glance: () => Glance;
  readonly #readers = new Set<Reader>();
  readonly #changed = new Set<string>();
  readonly #scope = new DisposableStack();
  /** Pages of single devices. */
  readonly #watchers = new Set<EventSink>();
  #batchTimer: Disposable | null = null;

  constructor(model: FleetModel, clock: Clock, glance: () => Glance) {
    this.#model = model;
    this.#clock = clock;
    this.#glance = glance;
    this.#scope.use(model.observe((key) => this.#note(key)));
    this.#repeat(glanceMs, () => this.#tellAll({ reset: false, rows: [], gone: [], glance: glance() }));
    this.#repeat(heartbeatMs, () => {
      for (const { response, missed } of this.#readers) if (missed === null) response.write(heartbeat);
      // Whoever went without a word is only noticed where something is written.
      for (const response of this.#watchers) if (!response.writableNeedDrain) response.write(heartbeat);
    });
  }

  /** Tells the whole fleet, then what changes. @returns whether there is room for another page */
  attend(response: EventSink): boolean {
    if (this.#readers.size + this.#watchers.size >= mostReaders) return false;
    begin(response);
    const reader: Reader = { response, missed: null };
    const rows = rowsOf(this.#model);
    for (let at = 0; at === 0 || at < rows.length; at += rowsAtOnce) {
      const glance = at === 0 ? this.#glance() : null;
      response.write(event({ reset: at === 0, rows: rows.slice(at, at + rowsAtOnce), gone: [], glance }));
    }
    this.#readers.add(reader);
    if (response.writableNeedDrain) reader.missed = new Set();
    response.on("drain", () => this.#catchUp(reader));
    response.on("close", () => this.#readers.delete(reader));
    return true;
  }

  /** Tells one device's details, and tells them again whenever they change. @returns as `attend` */
  attendDevice(key: string, response: EventSink): boolean {
    if (this.#readers.size + this.#watchers.size >= mostReaders) return false;
    begin(response);
    this.#watchers.add(response);
    let timer: Disposable | null = null;
    const tell = () => {
      timer = null;
      const device = this.#model.device(key);
      const detail: Detail | null = device === null ? null : detailOf(device);
      if (!response.writableNeedDrain) response.write(`data: ${JSON.stringify(detail)}\n\n`);
    };
    const later = () => {
      timer ??= this.#clock.after(detailMs, tell);
    };
    const watch = this.#model.observe((changed) => {
      if (changed === key) later();
    });
    response.on("drain", later);
    response.on("close", () => {
      this.#watchers.delete(response);
      watch[Symbol.dispose]();
      timer?.[Symbol.dispose]();
    });
    tell();
    return true;
  }

  [Symbol.dispose](): void {
    this.#scope.dispose();
    this.#batchTimer?.[Symbol.dispose]();
    for (const { response } of this.#readers) response.end();
  }

  #note(key: string): void {
    if (this.#readers.size === 0) return;
    this.#changed.add(key);
    this.#batchTimer ??= this.#clock.after(batchMs, () => {
      this.#batchTimer = null;
      this.#tellAll(this.#batchOf(this.#changed));
      this.#changed.clear();
    });
  }

  /** Each batch is written out once, however many read it. */
  #tellAll(batch: Batch): void {
    if (this.#readers.size === 0) return;
    const text = event(batch);
    for (const reader of this.#readers) {
      if (reader.missed !== null) {
        for (const { k } of batch.rows) reader.missed.add(k);
        for (const key of batch.gone) reader.missed.add(key);
      } else if (!reader.response.write(text)) reader.missed = new Set();
    }
  }

  #catchUp(reader: Reader): void {
    const { missed } = reader;
    reader.missed = null;
    if (missed === null || missed.size === 0) return;
    if (!reader.response.write(event({ ...this.#batchOf(missed), glance: this.#glance() }))) reader.missed = new Set();
  }

  #batchOf(keys: ReadonlySet<string>): Batch {
    const rows: Row[] = [];
    const gone: string[] = [];
    for (const key of keys) {
      const device = this.#model.device(key);
      if (device === null) gone.push(key);
      else rows.push(rowOf(device));
    }
    return { reset: false, rows, gone, glance: null };
  }

  #repeat(ms: number, work: () => void): void {
    let timer: Disposable;
    const next = () => {
      timer = this.#clock.after(ms, () => {
        work();
        next();
      });
    };
    next();
    this.#scope.defer(() => timer[Symbol.dispose]());
  }
}

function begin(response: EventSink): void {
  response.writeHead(200, { "Content-Type": eventStream });
}

function event(batch: Batch): string {
  return `data: ${JSON.stringify(batch)}\n\n`;
}
