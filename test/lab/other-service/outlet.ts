import type { WebSocket } from "ws";
import type { Habits } from "./habits.ts";
import type { Message } from "./messages.ts";

interface Item {
  readonly dueMs: number;
  readonly act: () => void;
}

/** What a connection still has to say and do, in its order: what comes late holds up what follows. */
export class Outlet {
  readonly #socket: WebSocket;
  readonly #habits: Habits;
  readonly #rephrase: (message: Message) => readonly Message[];
  #items: Item[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(socket: WebSocket, habits: Habits) {
    this.#socket = socket;
    this.#habits = habits;
    this.#rephrase = habits.rephrasing();
  }

  say(message: Message, delayMs = 0): void {
    this.act(() => this.sayNow(message), delayMs);
  }

  /** Says it before all that waits. */
  sayNow(message: Message): void {
    for (const phrase of this.#rephrase(message)) this.#send(phrase);
  }

  /** Does something `delayMs` from now, or later: when all before it is done. */
  act(act: () => void, delayMs = 0): void {
    this.#items.push({ dueMs: performance.now() + delayMs, act });
    if (this.#timer === null) this.#run();
  }

  /** Forgets what was not yet said. */
  clear(): void {
    this.#items = [];
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #run(): void {
    this.#timer = null;
    for (let item = this.#items[0]; item !== undefined; item = this.#items[0]) {
      const waitMs = item.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#run(), Math.ceil(waitMs));
        return;
      }
      this.#items.shift();
      item.act();
    }
  }

  #send(message: Message): void {
    const { layout, fragments } = this.#habits;
    const text = Buffer.from(JSON.stringify(message, null, layout === "pretty" ? 4 : 0));
    const size = Math.ceil(text.length / fragments);
    for (let at = 0; at < text.length; at += size) {
      const fin = at + size >= text.length;
      this.#socket.send(text.subarray(at, at + size), { binary: false, fin });
    }
  }
}
