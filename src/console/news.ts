import type { OutageChange } from "./outages.ts";

// What has happened in the fleet, the latest of it, for people to read.

export interface News {
  readonly atMs: number;
  readonly text: string;
  /** Whom it is about; null: many devices. */
  readonly key: string | null;
  /** What is wrong; empty: nothing. */
  readonly code: string;
}

const mostNews = 100;

/** The latest news. What an outage explains is not told device by device. */
export class NewsFeed {
  #news: readonly News[] = [];

  tell(news: News): void {
    this.#news = [...this.#news.slice(Math.max(0, this.#news.length - mostNews + 1)), news];
  }

  tellOutage({ change, outage }: OutageChange, nowMs: number): void {
    if (change === "opened") this.#news = this.#news.filter(({ key, code }) => key === null || code !== outage.code);
    const text = change === "opened" ? outage.text : `over: ${outage.text}`;
    this.tell({ atMs: nowMs, text, key: null, code: outage.code });
  }

  /** The newest last. */
  latest(): readonly News[] {
    return this.#news;
  }
}
