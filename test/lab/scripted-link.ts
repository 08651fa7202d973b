import { Fault } from "../../src/base/fault.ts";
import type { Link, LinkEnding, LinkListener } from "../../src/sis/link.ts";
import { decodeReply } from "../../src/sis/reply.ts";

/** A connection whose far end the test plays: what was sent is kept, what comes back the test says. */
export class ScriptedLink implements Link {
  /** Texts as objects, audio as its length in bytes, in the order they were sent. */
  readonly sent: unknown[] = [];
  buffered = 0;
  ended = false;
  closeAsked = false;
  /** It takes its time to close: until the test ends it. */
  lingers = false;
  deafToPings = false;
  #pinged: number | null = null;
  readonly #listener: LinkListener;
  readonly #mark: () => number;
  readonly #onAudio: (bytes: Uint8Array) => void;
  readonly #onText: (message: { readonly command: string; readonly cancel?: boolean }) => void;

  constructor(
    listener: LinkListener,
    mark: () => number,
    handlers: {
      readonly onAudio?: (bytes: Uint8Array) => void;
      readonly onText?: (message: { readonly command: string; readonly cancel?: boolean }) => void;
    } = {},
  ) {
    this.#listener = listener;
    this.#mark = mark;
    this.#onAudio = handlers.onAudio ?? (() => {});
    this.#onText = handlers.onText ?? (() => {});
  }

  /** Commands sent so far. */
  get commands(): readonly unknown[] {
    return this.sent.filter((each) => typeof each !== "number");
  }

  get audioBytes(): number {
    return this.sent.reduce<number>((sum, each) => sum + (typeof each === "number" ? each : 0), 0);
  }

  bufferedBytes(): number {
    return this.buffered;
  }

  sendText(text: string): void {
    if (this.ended) return;
    const message = JSON.parse(text) as { command: string; cancel?: boolean };
    this.sent.push(message);
    this.#onText(message);
  }

  sendAudio(bytes: Uint8Array): void {
    if (this.ended) return;
    this.sent.push(bytes.length);
    this.#onAudio(bytes);
  }

  /** Its pong comes before whatever the service says next, but for a service that is deaf to pings. */
  ping(): void {
    this.#pinged = this.#mark();
  }

  close(): void {
    if (this.ended) return;
    this.closeAsked = true;
    if (this.lingers) return;
    this.end({ how: "closed", code: 1000, reason: "", asked: true });
  }

  destroy(): void {
    this.end({ how: "closed", code: 1006, reason: "", asked: true });
  }

  open(): void {
    if (!this.ended) this.#listener.opened();
  }

  /** The service says this; in the wire's own words. */
  say(message: object): void {
    if (this.ended) return;
    const pinged = this.#pinged;
    this.#pinged = null;
    if (pinged !== null && !this.deafToPings) this.#listener.confirmed(pinged);
    const reply = decodeReply(Buffer.from(JSON.stringify(message)), false);
    if (reply instanceof Fault) this.#listener.malformed(reply);
    else this.#listener.reply(reply);
  }

  /** The service sends sound. */
  sound(bytes: Uint8Array): void {
    if (!this.ended) this.#listener.audio?.(bytes);
  }

  garble(): void {
    if (!this.ended) this.#listener.malformed(new Fault("wire-bad-json", "not JSON"));
  }

  /** A pong has come for a ping that goes out just now. */
  confirm(): void {
    if (!this.ended) this.#listener.confirmed(this.#mark());
  }

  end(ending: LinkEnding): void {
    if (this.ended) return;
    this.ended = true;
    this.#listener.closed(ending);
  }
}
