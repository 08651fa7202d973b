import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import type { Fault } from "../../../src/base/fault.ts";
import { type Link, type LinkEnding, type LinkListener, type LinkTiming, openLink } from "../../../src/sis/link.ts";
import type { Reply } from "../../../src/sis/reply.ts";

/** What a link has told, in order. */
export type Told =
  | { readonly what: "opened" }
  | { readonly what: "reply"; readonly reply: Reply }
  | { readonly what: "malformed"; readonly fault: Fault }
  | { readonly what: "confirmed"; readonly mark: number }
  | { readonly what: "closed"; readonly ending: LinkEnding };

/** The machine's clock that knows which timers are still to fire. */
export class CountingClock implements Clock {
  #pending = 0;
  get pending(): number {
    return this.#pending;
  }
  wallMs(): number {
    return systemClock.wallMs();
  }
  monotonicMs(): number {
    return systemClock.monotonicMs();
  }
  after(delayMs: number, action: () => void): Disposable {
    let armed = true;
    this.#pending += 1;
    const disarm = () => {
      if (armed) this.#pending -= 1;
      armed = false;
    };
    const timer = systemClock.after(delayMs, () => {
      disarm();
      action();
    });
    return {
      [Symbol.dispose]() {
        disarm();
        timer[Symbol.dispose]();
      },
    };
  }
}

/** One link under test: what it tells is kept, and can be waited for. */
export class Attempt implements LinkListener, AsyncDisposable {
  readonly told: Told[] = [];
  readonly clock: Clock & { readonly pending: number };
  readonly link: Link;
  /** What `mark()` gives. */
  sent = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #onOpened: (link: Link) => void;

  constructor(
    url: string,
    options: {
      readonly headers?: Record<string, string>;
      readonly timing?: Partial<LinkTiming>;
      readonly onOpened?: (link: Link) => void;
      readonly onDate?: (serverMs: number) => void;
      readonly clock?: Clock & { readonly pending: number };
    } = {},
  ) {
    this.clock = options.clock ?? new CountingClock();
    this.#onOpened = options.onOpened ?? (() => {});
    this.link = openLink({
      url: new URL(url),
      headers: options.headers ?? {},
      clock: this.clock,
      listener: this,
      mark: () => this.sent,
      timing: options.timing ?? {},
      onDate: options.onDate,
    });
    assert.deepEqual(this.told, [], "nothing is told before the caller has the link");
  }

  opened(): void {
    this.#tell({ what: "opened" });
    this.#onOpened(this.link);
  }
  reply(reply: Reply): void {
    this.#tell({ what: "reply", reply });
  }
  malformed(fault: Fault): void {
    this.#tell({ what: "malformed", fault });
  }
  confirmed(mark: number): void {
    this.#tell({ what: "confirmed", mark });
  }
  closed(ending: LinkEnding): void {
    this.#tell({ what: "closed", ending });
  }

  #tell(told: Told): void {
    assert.ok(!this.told.some(({ what }) => what === "closed"), `${told.what} after closed`);
    this.told.push(told);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The first thing told that `wanted` finds. @throws after 60 s */
  async until<T>(wanted: (told: Told) => T | undefined): Promise<T> {
    const late = AbortSignal.timeout(60_000);
    for (;;) {
      for (const told of this.told) {
        const found = wanted(told);
        if (found !== undefined) return found;
      }
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve);
        late.addEventListener("abort", () => reject(new Error(`not told; told was ${JSON.stringify(this.told)}`)), {
          once: true,
        });
      });
    }
  }

  async whenOpened(): Promise<void> {
    await this.until(({ what }) => (what === "opened" ? true : undefined));
  }

  /** How it ended; by then nothing of it may be left. */
  async ending(): Promise<LinkEnding> {
    const ending = await this.until((told) => (told.what === "closed" ? told.ending : undefined));
    assert.equal(this.clock.pending, 0, "a timer is left");
    assert.equal(this.link.bufferedBytes(), 0);
    this.link.sendText("too late");
    this.link.sendAudio(new Uint8Array(4));
    this.link.close();
    this.link.destroy();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    assert.equal(this.clock.pending, 0, "a timer is left");
    return ending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.link.destroy();
    await this.ending();
  }
}

/** The ending as one of a kind. */
export function ofKind<H extends LinkEnding["how"]>(ending: LinkEnding, how: H): Extract<LinkEnding, { how: H }> {
  if (isKind(ending, how)) return ending;
  throw new assert.AssertionError({ message: `ended ${JSON.stringify(ending)}, not ${how}` });
}

function isKind<H extends LinkEnding["how"]>(ending: LinkEnding, how: H): ending is Extract<LinkEnding, { how: H }> {
  return ending.how === how;
}
