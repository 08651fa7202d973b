import { Fault } from "../../../src/base/fault.ts";
import type { SerialOptions } from "../../../src/base/serial.ts";
import { encodeLine, LineReader } from "../../../src/panel/lines.ts";
import type { EarRights, Key } from "./ear-rights.ts";

interface Line {
  readonly options: SerialOptions;
  readonly reader: LineReader;
  readonly end: (fault: Fault | null) => void;
  /** It has said hello on this line, and told its keys. */
  greeted: boolean;
}

const heartbeatMs = 1_020;

/** A front panel, and who presses its keys. Tells the model what it tells the agent. */
export class PlayedPanel {
  readonly #rights: EarRights;
  readonly #now: () => number;
  /** What it shows. */
  face = { phase: "?", level: 0, text: "" };
  #counts = { talk: 0, mute: 0 };
  #untold: Key[] = [];
  #plugged = true;
  #line: Line | null = null;
  #beatMs = 0;
  #testMs = Number.NEGATIVE_INFINITY;

  /** @param now the room's time, ms */
  constructor(rights: EarRights, now: () => number) {
    this.#rights = rights;
    this.#now = now;
  }

  /** The agent and the panel hear each other. */
  get isHeard(): boolean {
    return this.#line?.greeted === true;
  }

  /** The lamps are tested, or the result of that is shown, which takes 10 s and a moment. */
  get showsTest(): boolean {
    return this.#now() - this.#testMs < 12_000;
  }

  get plugged(): boolean {
    return this.#plugged;
  }

  isDown(key: Key): boolean {
    return this.#counts[key] % 2 === 1;
  }

  /** A key goes down, or up. @param silently the line that tells of it is lost */
  move(key: Key, silently = false): void {
    if (!this.#plugged) return;
    this.#counts[key] = (this.#counts[key] + 1) % 100;
    this.#untold.push(key);
    if (!silently) this.#tellKeys();
  }

  /** It loses its power for a moment. */
  restart(): void {
    this.#restarted();
    if (this.#line === null || !this.#line.greeted) return;
    this.#rights.panel(false, this.#now());
    this.#hello(this.#line);
  }

  plug(plugged: boolean): void {
    if (this.#plugged === plugged) return;
    this.#plugged = plugged;
    this.#restarted();
    const line = this.#line;
    this.#leave();
    line?.end(new Fault("device-lost", "the panel is gone"));
  }

  /** Time has passed. */
  tick(): void {
    if (this.#now() - this.#beatMs < heartbeatMs) return;
    this.#beatMs = this.#now();
    this.#tellKeys();
  }

  /** The agent that spoke to it runs no more. */
  forget(): void {
    this.#leave();
  }

  async talk(options: SerialOptions, stop: AbortSignal): Promise<Fault | null> {
    await Promise.resolve();
    if (stop.aborted) return null;
    if (!this.#plugged) return new Fault("serial-missing", "no panel");
    const { promise, resolve } = Promise.withResolvers<Fault | null>();
    const line: Line = { options, reader: new LineReader(), end: resolve, greeted: false };
    this.#line = line;
    stop.addEventListener("abort", () => {
      if (this.#line === line) this.#leave();
      resolve(null);
    });
    options.opened({ write: (bytes) => this.#line === line && this.#hear(line, bytes) });
    return promise;
  }

  #leave(): void {
    if (this.#line !== null) this.#rights.panel(false, this.#now());
    this.#line = null;
  }

  #restarted(): void {
    this.#counts = { talk: 0, mute: 0 };
    this.#untold = [];
    this.face = { phase: "?", level: 0, text: "" };
  }

  #hear(line: Line, bytes: Uint8Array): true {
    for (const body of line.reader.push(bytes)) {
      const [type, phase = "", , level] = body.split(" ");
      if (type === "S" && phase === "t") this.#testMs = this.#now();
      if (type === "S") this.face = { ...this.face, phase, level: Number(level) };
      if (type === "T") this.face = { ...this.face, text: body.slice(2) };
      if (type === "H") line.options.clock.after(1, () => this.#line === line && this.#greet(line));
    }
    return true;
  }

  #greet(line: Line): true {
    if (!line.greeted) {
      line.greeted = true;
      this.#untold = [];
      this.#rights.panel(this.isDown("talk"), this.#now());
    }
    this.#hello(line);
    return true;
  }

  #hello(line: Line): void {
    line.options.heard(encodeLine("H 1 40 ascii"));
    this.#tellKeys();
  }

  #tellKeys(): void {
    if (this.#line?.greeted !== true) return;
    const moved = { talk: 0, mute: 0 };
    for (const key of this.#untold) moved[key] += 1;
    for (const key of ["talk", "mute"] as const) {
      for (; moved[key] > 0; moved[key] -= 1) {
        const down = (this.#counts[key] - moved[key] + 1 + 100) % 2 === 1;
        // Whoever pressed the talk key and let go of it before that was told is not heard.
        if (key === "mute" || moved[key] === 1) this.#rights.key(key, down, this.#now());
      }
    }
    this.#untold = [];
    this.#line.options.heard(encodeLine(`K ${this.#counts.talk} ${this.#counts.mute}`));
  }
}
