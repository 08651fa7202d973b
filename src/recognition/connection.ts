import type { Link, LinkListener } from "../sis/link.ts";

/** Answers that are held back at the most. A service that says more is not listened to: the connection is given up. */
const mostHeld = 200;

/** Opens one connection to the service. `closed` is told exactly once, whatever happens. */
export type Dial = (listener: LinkListener, mark: () => number) => Link;

/** A lane's connection to the service: one after the other, or none. What it says can be held back, and is kept in order. */
export class Connection {
  readonly #dial: Dial;
  readonly #listener: LinkListener;
  readonly #mark: () => number;
  #link: Link | null = null;
  /** How many there have been: tells the one that is ours from one that was let go of. */
  #count = 0;
  #held: (() => void)[] | null = null;

  constructor(dial: Dial, listener: LinkListener, mark: () => number) {
    this.#dial = dial;
    this.#listener = listener;
    this.#mark = mark;
  }

  get link(): Link | null {
    return this.#link;
  }

  /** What the service says is kept just now. */
  get holding(): boolean {
    return this.#held !== null;
  }

  open(): void {
    this.#count += 1;
    const mine = this.#count;
    const hear = (what: () => void) => {
      const hearNow = () => {
        if (mine === this.#count) what();
      };
      if (this.#held === null) hearNow();
      else if (this.#held.push(hearNow) === mostHeld) this.#link?.destroy();
    };
    const listener = this.#listener;
    const wrapped: LinkListener = {
      opened: () => hear(() => listener.opened()),
      reply: (reply) => hear(() => listener.reply(reply)),
      malformed: (fault) => hear(() => listener.malformed(fault)),
      // Never held back: without it nothing more would be sent.
      confirmed: (sent) => {
        if (mine === this.#count) listener.confirmed(sent);
      },
      closed: (ending) =>
        hear(() => {
          this.#link = null;
          listener.closed(ending);
        }),
    };
    this.#link = this.#dial(wrapped, this.#mark);
  }

  /** What the service says is kept from now on, its closing included. */
  hold(): void {
    this.#held ??= [];
  }

  /** What was held back is heard now. */
  letGo(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const hear of held) hear();
  }

  /** Closes it, and does not listen any more. */
  drop(): void {
    this.#count += 1;
    this.#held = null;
    this.#link?.close();
    this.#link = null;
  }
}
