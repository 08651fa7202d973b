import { encodeLine, LineReader } from "../../src/panel/lines.ts";

/** What a simulated panel shows. */
export interface PanelFace {
  /** `?`: the agent is away. */
  readonly phase: string;
  readonly severity: number;
  readonly level: number;
  readonly text: string;
}

const heartbeatMs = 1000;
const agentLostMs = 5000;
const darkFace: PanelFace = { phase: "?", severity: 0, level: 0, text: "" };

/** A front panel without its hardware: does what device/panel/panel.c does. */
export class SimulatedPanel implements Disposable {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #changed: (face: PanelFace) => void;
  readonly #hello: string;
  #reader = new LineReader();
  readonly #counts = { talk: 0, mute: 0 };
  #face = darkFace;
  readonly #heartbeat: NodeJS.Timeout;
  #agentTimer: NodeJS.Timeout | undefined;

  /** @param send takes what the panel says; @param changed is told what it shows whenever that changes */
  constructor(
    send: (bytes: Uint8Array) => void,
    changed: (face: PanelFace) => void = () => {},
    kind: { readonly columns: number; readonly characters: string } = { columns: 40, characters: "utf8" },
  ) {
    this.#send = send;
    this.#changed = changed;
    this.#hello = `H 1 ${kind.columns} ${kind.characters}`;
    this.#heartbeat = setInterval(() => this.#tellKeys(), heartbeatMs);
    this.restart();
  }

  get face(): PanelFace {
    return this.#face;
  }

  /** It loses its power, and gets it back. */
  restart(): void {
    this.#counts.talk = 0;
    this.#counts.mute = 0;
    this.#reader = new LineReader();
    this.#show(darkFace);
    this.#sayHello();
  }

  /** A key goes down, or up; `silently`: the line that tells of it is lost. */
  move(key: "talk" | "mute", silently = false): void {
    this.#counts[key] = (this.#counts[key] + 1) % 100;
    if (!silently) this.#tellKeys();
  }

  /** Bytes have come from the agent. */
  hear(bytes: Uint8Array): void {
    for (const body of this.#reader.push(bytes)) this.#take(body);
  }

  /** It hangs: says nothing any more. */
  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#agentTimer);
  }

  #take(body: string): void {
    const [type, phase = "", severity, level] = body.split(" ");
    if (type === "H") this.#sayHello();
    if (type === "S") this.#show({ ...this.#face, phase, severity: Number(severity), level: Number(level) });
    if (type === "T") this.#show({ ...this.#face, text: body.slice(2) });
    clearTimeout(this.#agentTimer);
    this.#agentTimer = setTimeout(() => this.#show(darkFace), agentLostMs);
  }

  #show(face: PanelFace): void {
    this.#face = face;
    this.#changed(face);
  }

  #sayHello(): void {
    this.#say(this.#hello);
    this.#tellKeys();
  }

  #say(body: string): void {
    this.#send(encodeLine(body));
  }

  #tellKeys(): void {
    this.#say(`K ${this.#counts.talk} ${this.#counts.mute}`);
  }
}
