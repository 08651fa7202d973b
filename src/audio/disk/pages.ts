import type { Span } from "../holes.ts";
import type { Position } from "../timeline.ts";
import { type Page, readPage } from "./page.ts";

/** A file of sound that a page may be read from. */
interface Source extends Span {
  readonly path: string;
}

type Entry = { readonly is: "loading" } | { readonly is: "loaded"; readonly page: Page };
type OnBad = (bad: readonly Span[]) => void;

/** Files read ahead: the one that is being replayed, and the next. */
const mostPages = 3;

/** The sound of the files that are being replayed, in memory. */
export class Pages {
  readonly #sampleRate: number;
  readonly #entries = new Map<string, Entry>();

  /** @param sampleRate Hz of the log */
  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /** The sound of a file from one position on, at most to another; null: it is being read. @param onBad told what cannot be read */
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
    for (const path of paths) this.#entries.delete(path);
  }

  #load(source: Source, onBad: OnBad): void {
    const { path } = source;
    const loading: Entry = { is: "loading" };
    this.#entries.delete(path);
    for (const oldest of [...this.#entries.keys()].slice(0, -(mostPages - 1))) this.#entries.delete(oldest);
    this.#entries.set(path, loading);
    void this.#read(source, loading, onBad);
  }

  async #read(source: Source, loading: Entry, onBad: OnBad): Promise<void> {
    const { path, from, to } = source;
    const nothing: Page = { from, to, samples: new Int16Array(to - from), bad: [{ from, to }] };
    const page = await readPage({ path, from, to }, this.#sampleRate).catch(() => nothing);
    // Forgotten in the meantime?
    if (this.#entries.get(path) !== loading) return;
    this.#entries.set(path, { is: "loaded", page });
    if (page.bad.length > 0) onBad(page.bad);
  }
}
