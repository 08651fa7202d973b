import { type Clock, pause } from "../../base/clock.ts";
import { errorName } from "../../base/disk-fault.ts";
import type { Span } from "../holes.ts";
import type { Position } from "../timeline.ts";
import { type Page, readPage } from "./page.ts";

/** A file of sound that a page may be read from. */
interface Source extends Span {
  readonly path: string;
}

interface Loading {
  readonly is: "loading";
  readonly forgotten: AbortController;
}

type Entry = Loading | { readonly is: "loaded"; readonly page: Page };
/** Errors that tell nothing of the file: it is read again, for as long as they come. */
const passing: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOMEM", "EAGAIN"]);
/** A disk may fail once. */
const mostTries = 3;
const againMs = 500;

type OnBad = (bad: readonly Span[]) => void;

/** Files read ahead: the one that is being replayed, and the next. */
const mostPages = 3;

/** The sound of the files that are being replayed, in memory. */
export class Pages {
  readonly #sampleRate: number;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  /** @param sampleRate Hz of the log */
  constructor(sampleRate: number, clock: Clock) {
    this.#sampleRate = sampleRate;
    this.#clock = clock;
  }

  /**
   * The sound of a file from one position on, at most to another; null: it is being read.
   * @param onBad told what cannot be read
   */
  get(source: Source, from: Position, to: Position, onBad: OnBad): Int16Array | null {
    const entry = this.#entries.get(source.path);
    // The file may have grown since.
    if (entry?.is === "loaded" && from < entry.page.to) {
      const { page } = entry;
      return page.samples.slice(from - page.from, Math.min(to, page.to) - page.from);
    }
    if (entry?.is !== "loading") this.#load(source, onBad);
    return null;
  }

  /** This file will be wanted soon. */
  prepare(source: Source, onBad: OnBad): void {
    if (!this.#entries.has(source.path)) this.#load(source, onBad);
  }

  forget(paths: readonly string[]): void {
    for (const path of paths) {
      const entry = this.#entries.get(path);
      if (entry?.is === "loading") entry.forgotten.abort();
      this.#entries.delete(path);
    }
  }

  close(): void {
    this.forget([...this.#entries.keys()]);
  }

  #load(source: Source, onBad: OnBad): void {
    const { path } = source;
    const loading: Loading = { is: "loading", forgotten: new AbortController() };
    this.forget([path]);
    this.forget([...this.#entries.keys()].slice(0, -(mostPages - 1)));
    this.#entries.set(path, loading);
    void this.#read(source, loading, onBad);
  }

  async #read(source: Source, { forgotten }: Loading, onBad: OnBad): Promise<void> {
    const page = await this.#readPatiently(source, forgotten.signal);
    if (forgotten.signal.aborted) return;
    this.#entries.set(source.path, { is: "loaded", page });
    if (page.bad.length > 0) onBad(page.bad);
  }

  async #readPatiently({ path, from, to }: Source, forgotten: AbortSignal): Promise<Page> {
    for (let failures = 0; !forgotten.aborted; await pause(this.#clock, againMs, forgotten)) {
      try {
        return await readPage({ path, from, to }, this.#sampleRate);
      } catch (error) {
        const name = errorName(error);
        if (!passing.has(name)) failures += 1;
        if (name === "ENOENT" || failures === mostTries) break;
      }
    }
    return { from, to, samples: new Int16Array(to - from), bad: [{ from, to }] };
  }
}
