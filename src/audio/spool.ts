import { rm } from "node:fs/promises";
import { unclaim } from "../base/claim.ts";
import type { Clock } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import { Chain } from "./disk/chain.ts";
import { encodeFrame } from "./disk/frame.ts";
import { Health } from "./disk/health.ts";
import { NoteFile } from "./disk/note-file.ts";
import { openFolder } from "./disk/open.ts";
import { Pages } from "./disk/pages.ts";
import { type Segment, Segments } from "./disk/segments.ts";
import { Waiting } from "./disk/waiting.ts";
import { type Frame, Writer } from "./disk/writer.ts";
import type { LossCause } from "./gap-report.ts";
import type { Block, Dropped, Fetched, Progress, Resumed, Store } from "./store.ts";
import type { Position } from "./timeline.ts";

/** Sound that waits to be written: more is not taken. */
const mostWaitingMs = 10_000;
/** A disk that needs longer than this for what it was given is too slow. */
const slowAfterMs = 5_000;
/** A transcript does not wait longer than this for the note about the one before. */
const mostNoteMs = 2_000;
const lookForExpiredEveryMs = 10_000;
/** A wall clock before this (2024) has not been set yet: it does not tell how old sound is. */
const clockIsSetMs = 1_704_067_200_000;

/** How far the service got, to be written. */
interface Note {
  progress: Progress;
  /** What waits for it. */
  readonly untold: Set<() => void>;
}

export interface SpoolOptions {
  /** Created if it is not there; the folder above as well. */
  readonly folder: string;
  /** Whether sound will be kept. If not, only what an earlier run left is looked for. */
  readonly keeps: boolean;
  /** Hz */
  readonly sampleRate: number;
  readonly maxBytes: number;
  /** Sound that is older than this is deleted: nobody expects it to be there any more. */
  readonly maxAgeMs: number;
  readonly clock: Clock;
  /** The disk cannot be used, and why; null: it can be used again. */
  readonly onTrouble: (fault: Fault | null) => void;
  /** It has looked for what is too old, every ten seconds, and dropped it. */
  readonly onLooked: () => void;
}

/**
 * Sound on disk: what the log offers is written behind its back, read ahead of need, and deleted once the service has
 * dealt with it. Whatever the disk does, nobody waits for it.
 */
export class Spool implements Store {
  readonly resumed: Resumed | null;
  readonly #options: SpoolOptions;
  readonly #writer: Writer;
  readonly #note: NoteFile;
  readonly #pages: Pages;
  readonly #waiting = new Waiting();
  readonly #chain = new Chain();
  readonly #health: Health;
  readonly #segments: Segments;
  #dropped: Dropped[] = [];
  #progress: Progress;
  /** That are not written yet, in their order. */
  readonly #notes = new Set<Note>();
  /** The last of them, while it is not being written. */
  #nextNote: Note | null = null;
  #writingSinceMs = 0;
  #nextExpiry: Disposable;

  /** Looks through the folder for what an earlier run left. Never throws: a folder that cannot be used is a trouble. */
  constructor(options: SpoolOptions) {
    const { folder, sampleRate, clock, onTrouble } = options;
    this.#options = options;
    this.#health = new Health(folder, clock, onTrouble);
    const found = openFolder(options, this.#health);
    const nowMs = clock.monotonicMs();
    this.#segments = new Segments(
      found.files.map(({ endMs, ...file }) => ({ ...file, expiresMs: nowMs + this.#timeLeftMs(endMs) })),
    );
    this.resumed = found.resumed;
    this.#progress = found.resumed?.progress ?? { settled: 0, answered: 0, name: "" };
    this.#writer = new Writer(folder, sampleRate);
    this.#note = new NoteFile(folder, sampleRate, found.noteNumber);
    this.#pages = new Pages(sampleRate, clock);
    // The settings may allow less than they did.
    this.#dropOver(0);
    this.#nextExpiry = this.#expireLater();
  }

  /** Whether the disk is worth a try. */
  get usable(): boolean {
    return this.#health.usable;
  }

  get failing(): boolean {
    return this.#options.keeps && !this.#health.isWell;
  }

  keep(block: Block): boolean {
    const { sampleRate, clock } = this.#options;
    if (!this.#health.usable) return false;
    const most = (mostWaitingMs * sampleRate) / 1000;
    const idle = this.#waiting.first === undefined;
    if (!idle && this.#waiting.samples + block.samples.length > most) {
      if (clock.monotonicMs() - this.#writingSinceMs > slowAfterMs) this.#health.slow();
      return false;
    }
    if (idle) {
      this.#writingSinceMs = clock.monotonicMs();
      this.#chain.add(() => this.#writeWaiting());
    }
    const { stream, position, samples } = block;
    const bytes = encodeFrame(block, sampleRate);
    this.#waiting.add({ stream, from: position, to: position + samples.length, bytes });
    return true;
  }

  keptTo(position: Position): Position {
    let at = this.#segments.keptTo(position);
    for (let next = this.#waiting.at(at); next !== undefined; next = this.#waiting.at(at)) at = next.to;
    return at;
  }

  keptAfter(position: Position): Position {
    return this.#segments.after(position) ?? this.#waiting.after(position) ?? Number.POSITIVE_INFINITY;
  }

  fetch(from: Position, to: Position): Fetched {
    const place = this.#segments.at(from);
    if (place === null) return this.#waiting.get(from, to) ?? "absent";
    const { segment, next } = place;
    const samples = this.#pages.get(segment, from, to, (bad) => this.#unreadable(segment, bad));
    if (samples !== null && next !== null) this.#pages.prepare(next, (bad) => this.#unreadable(next, bad));
    return samples ?? "wait";
  }

  progress(progress: Progress): void {
    const { settled, answered, name } = this.#progress;
    if (progress.settled === settled && progress.answered === answered && progress.name === name) return;
    this.#progress = progress;
    const done = this.#segments.before(progress.settled);
    if (done.some((segment) => this.#grows(segment))) this.#chain.add(() => this.#finishFile());
    this.#remove(done.filter((segment) => !this.#grows(segment)));
    if (!this.#segments.none || this.#waiting.first !== undefined) this.#takeNote(progress);
  }

  takeDropped(): readonly Dropped[] {
    const dropped = this.#dropped;
    if (dropped.length > 0) this.#dropped = [];
    return dropped;
  }

  /**
   * Calls `action` as soon as everything that the service answered before is noted on disk, and before anything that is
   * answered later is: at once, if nothing is kept on disk; after 2 s in any case.
   */
  whenNoted(action: () => void): void {
    const note = [...this.#notes].at(-1);
    if (note === undefined) {
      action();
      return;
    }
    const once = () => {
      if (!note.untold.delete(once)) return;
      late[Symbol.dispose]();
      action();
    };
    const late = this.#options.clock.after(mostNoteMs, once);
    note.untold.add(once);
  }

  /** Resolves when everything that was taken so far is on disk, or has failed. */
  get written(): Promise<void> {
    return this.#chain.done;
  }

  /** The program ends, and nobody waits for the disk any longer: what it has not got by now is not kept. */
  giveUp(): void {
    for (const { untold } of this.#notes) for (const tell of untold) tell();
    this.#dropWaiting("stopped");
  }

  /** Writes what is waiting, and closes the files. */
  async close(): Promise<void> {
    this.#nextExpiry[Symbol.dispose]();
    this.#pages.close();
    this.#chain.add(async () => {
      await this.#try(async () => {
        if (!this.#segments.none) await this.#note.write(this.#progress);
        await this.#note.sync();
      });
      await this.#writer.close();
      await this.#note.close();
    });
    while (this.#chain.busy) await this.#chain.done;
    if (!this.#health.barred) unclaim(this.#options.folder);
  }

  #timeLeftMs(endMs: number): number {
    const ageMs = this.#options.clock.wallMs() - endMs;
    return this.#options.maxAgeMs - (endMs < clockIsSetMs ? 0 : Math.max(0, ageMs));
  }

  async #writeWaiting(): Promise<void> {
    await this.#try(async () => {
      for (let frame = this.#waiting.first; frame !== undefined; frame = this.#waiting.first) {
        await this.#write(frame);
        this.#waiting.written(frame);
      }
      await this.#writer.sync();
      await this.#note.sync();
      this.#health.well();
    });
  }

  async #write(frame: Frame): Promise<void> {
    const { maxAgeMs, clock } = this.#options;
    if (frame.to <= this.#progress.settled) return;
    if (this.#segments.none) {
      // Beside an old note, or none, sound would be taken up where the service got then, under a name that was used.
      await this.#note.write(this.#progress);
      await this.#note.sync();
    }
    this.#segments.wrote(await this.#writer.write(frame), clock.monotonicMs() + maxAgeMs);
    this.#dropOver(1);
  }

  /** The oldest goes until the rest fits. @param least so many files stay in any case: the last of them is being written */
  #dropOver(least: number): void {
    this.#drop(this.#segments.over(this.#options.maxBytes, least), "buffer-full");
  }

  /** What is too old goes, whether or not anybody asks for sound. */
  #expireLater(): Disposable {
    const { clock, onLooked } = this.#options;
    return clock.after(lookForExpiredEveryMs, () => {
      const expired = () => this.#segments.expired(clock.monotonicMs());
      if (expired().length > 0) {
        this.#chain.add(async () => {
          if (expired().some((segment) => this.#grows(segment))) await this.#writer.close();
          this.#drop(expired(), "expired");
        });
      }
      onLooked();
      this.#nextExpiry = this.#expireLater();
    });
  }

  #takeNote(progress: Progress): void {
    // While something waits for it, what comes later has a note of its own.
    if (this.#nextNote?.untold.size === 0) {
      this.#nextNote.progress = progress;
      return;
    }
    const note: Note = { progress, untold: new Set() };
    this.#nextNote = note;
    this.#notes.add(note);
    this.#chain.add(async () => {
      if (this.#nextNote === note) this.#nextNote = null;
      await this.#try(() => this.#note.write(note.progress));
      this.#notes.delete(note);
      for (const tell of note.untold) tell();
    });
  }

  /** Work on the disk: what it throws is a trouble, and what waits to be written goes back to the log. */
  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#health.failed(error);
      this.#dropWaiting("disk");
      await this.#writer.close();
    }
  }

  #unreadable(segment: Segment, bad: readonly { readonly from: Position; readonly to: Position }[]): void {
    if (!this.#segments.has(segment)) return;
    for (const { from, to } of bad) this.#dropped.push({ from, to, cause: "disk", again: false });
  }

  /** What waits to be written is the log's again. */
  #dropWaiting(cause: LossCause): void {
    const span = this.#waiting.clear();
    if (span !== null) this.#dropped.push({ ...span, cause, again: true });
  }

  #drop(segments: readonly Segment[], cause: LossCause): void {
    if (segments.length === 0) return;
    for (const { from, to } of segments) this.#dropped.push({ from, to, cause, again: false });
    this.#remove(segments);
  }

  #remove(segments: readonly Segment[]): void {
    if (segments.length === 0) return;
    this.#segments.remove(segments);
    this.#pages.forget(segments.map((segment) => segment.path));
    this.#chain.add(async () => {
      for (const { path } of segments) await rm(path, { force: true }).catch(() => {});
    });
  }

  #grows(segment: Segment): boolean {
    return segment.path === this.#writer.growing?.path;
  }

  /** The service has dealt with all of the file that is being written: unless it has grown since, it goes. */
  async #finishFile(): Promise<void> {
    const file = this.#writer.growing;
    if (file === null || file.to > this.#progress.settled) return;
    await this.#writer.close();
    this.#remove(this.#segments.before(file.to).filter((segment) => segment.path === file.path));
  }
}
