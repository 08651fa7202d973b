import type { LineMessage } from "../../../src/fleet/broker-line.ts";
import type { Answered, Far, StandInLine } from "./stand-in-line.ts";

// A broker as a test plays it: what it accepts, acknowledges, loses; what it keeps; whom it believes to be there.

export type Json = Readonly<Record<string, unknown>>;

export interface Arrival {
  readonly topic: string;
  readonly payload: Json;
  readonly line: StandInLine;
}

export interface Down {
  readonly topic: string;
  readonly payload: string;
}

export type Welcome = "accept" | "unreachable" | "silent" | "busy" | "refuse";
/** held: it arrives, and is answered late or never; lost: it does not even arrive. */
export type Way = "prompt" | "held" | "lost";

export class PlayedBroker implements Far {
  welcome: Welcome = "accept";
  way: Way = "prompt";
  /** It takes no message whose topic holds this; null: it takes all. */
  refuses: string | null = null;
  /** What it says then. */
  refusal = 0x87;
  /** It hangs up on a message whose topic holds this, with this word. */
  hangsUpOn: string | null = null;
  hangUpCode: number | null = null;
  /** Its answers take this long. */
  delayMs = 0;
  /** The way swallows a message whose topic holds this. */
  swallows: string | null = null;
  line: StandInLine | null = null;
  readonly retained = new Map<string, Json>();
  readonly arrivals: Arrival[] = [];
  readonly refused: Arrival[] = [];
  /** The session's queue of what the device has not acknowledged. */
  readonly #down: Down[] = [];
  /** The library's, with a broker that says nothing. */
  #patience: Disposable | null = null;
  /** Once something got lost, so does all that comes after it on that line. */
  readonly #deaf = new WeakSet<StandInLine>();
  #config: Down | null = null;
  readonly #held: { readonly line: StandInLine; readonly answer: () => void }[] = [];

  called(line: StandInLine): void {
    queueMicrotask(() => {
      if (line.isOver) return;
      switch (this.welcome) {
        case "accept":
          this.line = line;
          return line.accept();
        case "unreachable":
          return line.breakOff(null, new Error("connect ECONNREFUSED"));
        case "silent":
          this.#patience = line.options.clock.after(15_000, () => line.breakOff(null, new Error("connack timeout")));
          return;
        case "busy":
          return line.breakOff(0x89, new Error("busy"));
        case "refuse":
          return line.breakOff(0x87, new Error("not authorised"));
      }
    });
  }

  sent(line: StandInLine, message: LineMessage, answered: Answered): void {
    if (this.way === "lost") this.#deaf.add(line);
    if (this.#deaf.has(line)) return;
    const { topic } = message;
    if (this.swallows !== null && topic.includes(this.swallows)) return;
    if (this.hangsUpOn !== null && topic.includes(this.hangsUpOn)) {
      const code = this.hangUpCode;
      // What was answered before is heard.
      this.#deaf.add(line);
      queueMicrotask(() => queueMicrotask(() => line.breakOff(code, new Error("the broker hung up"))));
      return;
    }
    const arrival = { topic, payload: JSON.parse(message.payload) as Json, line };
    const refused = this.refuses !== null && topic.includes(this.refuses);
    if (refused) this.refused.push(arrival);
    else {
      this.arrivals.push(arrival);
      if (message.retain) this.retained.set(topic, arrival.payload);
    }
    const answer = () => {
      if (!line.isOpen) return;
      if (refused) answered(new Error("refused"), this.refusal);
      else answered(null, null);
    };
    if (this.way === "held") this.#held.push({ line, answer });
    else if (this.delayMs > 0) line.options.clock.after(this.delayMs, answer);
    else queueMicrotask(answer);
  }

  subscribed(line: StandInLine): void {
    if (this.#config !== null) line.listener.received(received(this.#config, true));
    for (const down of this.#down.splice(0)) line.listener.received(received(down));
  }

  gone(line: StandInLine): void {
    this.#patience?.[Symbol.dispose]();
    if (this.line === line) this.line = null;
  }

  /** Whoever was there is gone without a word, and hears nothing more. */
  vanished(): void {
    this.line?.die();
    this.line = null;
  }

  /** Answers what it has held back. */
  release(): void {
    for (const { answer } of this.#held.splice(0)) answer();
  }

  /** All that may be wrong with it or the way to it is mended. */
  heal(): void {
    Object.assign(this, {
      welcome: "accept",
      way: "prompt",
      refuses: null,
      hangsUpOn: null,
      swallows: null,
      delayMs: 0,
    });
  }

  drop(reasonCode: number | null = null): void {
    this.line?.breakOff(reasonCode, new Error("dropped"));
  }

  /** To be delivered at least once, now or at the next connection. */
  command(down: Down, retain = false): void {
    if (this.line === null) this.#down.push(down);
    else this.line.listener.received(received(down, retain));
  }

  desire(down: Down): void {
    this.#config = down;
    this.line?.listener.received(received(down, true));
  }
}

function received({ topic, payload }: Down, retain = false) {
  return { topic, payload: Buffer.from(payload), retain };
}
