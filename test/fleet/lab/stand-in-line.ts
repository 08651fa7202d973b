import { linkTrouble, offenceFault, reasonFault, refusedConnection } from "../../../src/fleet/broker-faults.ts";
import type { Line, LineListener, LineMessage, LineOptions } from "../../../src/fleet/broker-line.ts";
import { type ConnectionEnd, reasonClass } from "../../../src/fleet/broker-policy.ts";

// Takes the place of the MQTT library below the fleet's connection: a line to a broker that the test plays.

/** A broker's side of a line. */
export interface Far {
  /** A line is being made; its owner answers with `accept` or `end`, not before this has returned. */
  called(line: StandInLine): void;
  sent(line: StandInLine, message: LineMessage, answered: Answered): void;
  subscribed(line: StandInLine): void;
  gone(line: StandInLine): void;
}

export type Answered = (error: Error | null, reasonCode: number | null) => void;

/** By the host in the broker's URL. */
export const brokers = new Map<string, Far>();

export class StandInLine implements Line {
  readonly ended: Promise<ConnectionEnd | null>;
  readonly options: LineOptions;
  readonly listener: LineListener;
  readonly #far: Far;
  readonly #resolve: (end: ConnectionEnd | null) => void;
  #phase: "connecting" | "open" | "closed" = "connecting";
  #sinceMs = 0;

  constructor(options: LineOptions, listener: LineListener, far: Far) {
    const { promise, resolve } = Promise.withResolvers<ConnectionEnd | null>();
    this.ended = promise;
    this.options = options;
    this.listener = listener;
    this.#far = far;
    this.#resolve = resolve;
  }

  get isOpen(): boolean {
    return this.#phase === "open";
  }

  get isOver(): boolean {
    return this.#phase === "closed";
  }

  accept(): void {
    if (this.#phase !== "connecting") return;
    this.#phase = "open";
    this.#sinceMs = this.options.clock.monotonicMs();
    this.listener.opened({});
  }

  publish(message: LineMessage, answered: Answered): void {
    if (this.#phase !== "open") throw new Error("published where there is no connection");
    this.#far.sent(this, message, answered);
  }

  subscribe(_: unknown, answered: (reasonCode: number | null) => void): void {
    queueMicrotask(() => {
      if (this.#phase !== "open") return;
      answered(null);
      this.#far.subscribed(this);
    });
  }

  breakOff(reasonCode: number | null, error: Error): void {
    const upMs = this.#phase === "open" ? this.options.clock.monotonicMs() - this.#sinceMs : 0;
    const kind = this.#phase === "open" ? "lost" : reasonCode === null ? "unreachable" : "refused";
    const code = `broker-${kind}` as const;
    if (reasonCode === null) return this.#over({ kind, reasonCode, ...linkTrouble(code, error), upMs });
    const fault = kind === "refused" ? refusedConnection(reasonCode) : reasonFault(code, reasonCode);
    this.#over({ kind, reasonCode, fault, meaning: reasonClass(reasonCode), upMs });
  }

  accuse(offence: Parameters<Line["accuse"]>[0]): void {
    const upMs = this.options.clock.monotonicMs() - this.#sinceMs;
    const fault = offenceFault("broker-lost", offence);
    this.#over({ kind: "faulty", reasonCode: null, meaning: "network", fault, upMs });
  }

  leave(): void {
    this.#over(null);
  }

  cut(): void {
    this.#over(null);
  }

  /** Nobody is there any more to hear of its end. */
  die(): void {
    this.#phase = "closed";
  }

  #over(end: ConnectionEnd | null): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#far.gone(this);
    this.#resolve(end);
  }
}

/** @public by its name */
export function openLine(options: LineOptions, listener: LineListener): Line {
  const far = brokers.get(new URL(options.access.url).hostname);
  if (far === undefined) throw new Error(`no broker for ${options.access.url}`);
  const line = new StandInLine(options, listener, far);
  far.called(line);
  return line;
}
