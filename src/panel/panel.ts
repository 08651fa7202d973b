import { type Backoff, backoffDelayMs } from "../base/backoff.ts";
import { type Clock, pause } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import { type SerialLine, silentDevice, talk } from "../base/serial.ts";
import type { FleetMessage } from "../fleet/fleet.ts";
import { type Display, darkDisplay, displayAfter, lampsOf, selfTestText, textOf } from "./display.ts";
import {
  greetKeys,
  type KeyCommand,
  type KeyStep,
  type Keys,
  releaseKeys,
  restingKeys,
  stepKeys,
  stepKeyTime,
} from "./keys.ts";
import { encodeLine, LineReader } from "./lines.ts";
import { type LinkEvent, type PanelLink, stepLink } from "./link.ts";
import { helloBody, lampsBody, panelMessageOf, textBody } from "./messages.ts";

// The room's front: a front panel on a serial port, which may come and go at any time. What it shows is decided in
// display.ts, what its keys mean in keys.ts, whether it is there in link.ts; lines.ts and messages.ts are its language.

export interface PanelOptions {
  readonly port: string;
  readonly baudRate: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Whether the microphone is muted just now: what the mute key does depends on it. */
  readonly muted: () => boolean;
  /** A person wants something. The self-test is the panel's own. */
  readonly command: (command: Exclude<KeyCommand, "self-test">) => void;
  /** Why the panel cannot be used; null: it can. Told when it changes. */
  readonly onFault: (fault: Fault | null) => void;
}

export interface Panel {
  /** Takes what the fleet is told, and shows of it what a panel can show. */
  tell(message: FleetMessage): void;
  /** Takes how loud it is, dB relative to full scale. */
  level(dbfs: number | null): void;
  /** Says goodbye, as far as the panel hears it; resolves when the port is closed. Repeatable. */
  stop(): Promise<void>;
}

const backoff: Backoff = { baseMs: 500, capMs: 5000 };
const tickMs = 1000;
/** Changes within this time go in one line. */
const batchMs = 100;
/** How long the lamps are tested, and how long the result is shown. */
const lampTestMs = 2000;
const resultMs = 8000;

type Showing =
  | { readonly what: "device" }
  | { readonly what: "lamps" | "result"; readonly text: string; readonly untilMs: number };

/** Starts looking for the panel, and goes on for as long as it takes. Never throws. */
export function startPanel(options: PanelOptions): Panel {
  const { port, clock, logger } = options;
  const stopping = new AbortController();
  let line: SerialLine | null = null;
  let link: PanelLink = { phase: "closed" };
  let keys: Keys = restingKeys;
  let display: Display = darkDisplay;
  let showing: Showing = { what: "device" };
  let shown = { lamps: "", text: "" };
  let batch: Disposable | null = null;
  let faultCode: string | null | undefined;
  let timer = clock.after(tickMs, tick);

  function say(body: string): boolean {
    return line?.write(encodeLine(body)) ?? false;
  }

  function dispatch(event: LinkEvent): void {
    const { next, effects } = stepLink(link, event, clock.monotonicMs());
    link = next;
    for (const effect of effects) {
      switch (effect) {
        case "greet":
          say(helloBody());
          break;
        case "welcome":
          tellFault(null);
          keys = greetKeys(keys);
          shown = { lamps: "", text: "" };
          show();
          break;
        case "beat":
          shown = { ...shown, lamps: "" };
          show();
          break;
        case "forsake":
          act(releaseKeys(keys));
          break;
        case "miss":
          tellFault(
            silentDevice(port, "a front panel", "Check that panel.port is the panel's port, and its firmware."),
          );
          break;
      }
    }
  }

  function act({ next, commands }: KeyStep): void {
    keys = next;
    for (const command of commands) {
      logger.info("the panel's key", { command });
      if (command === "self-test") selfTest();
      else options.command(command);
    }
  }

  function selfTest(): void {
    showing = { what: "lamps", text: selfTestText(display), untilMs: clock.monotonicMs() + lampTestMs };
    logger.info("self-test from the panel", { result: showing.text });
    show();
  }

  /** Shows what has changed. A panel that does not take it gets it with the next heartbeat. */
  function show(): void {
    batch?.[Symbol.dispose]();
    batch = null;
    if (link.phase !== "up") return;
    const lamps = lampsOf(display);
    const lampsLine = lampsBody(showing.what === "lamps" ? { ...lamps, phase: "test" } : lamps);
    if (lampsLine !== shown.lamps && say(lampsLine)) shown = { ...shown, lamps: lampsLine };
    if (link.kind.columns === 0) return;
    const textLine = textBody(showing.what === "device" ? textOf(display) : showing.text, link.kind);
    if (textLine !== shown.text && say(textLine)) shown = { ...shown, text: textLine };
  }

  function showSoon(): void {
    if (!stopping.signal.aborted) batch ??= clock.after(batchMs, show);
  }

  function tick(): void {
    const nowMs = clock.monotonicMs();
    timer = clock.after(tickMs, tick);
    if (showing.what !== "device" && nowMs >= showing.untilMs) {
      showing =
        showing.what === "lamps"
          ? { what: "result", text: showing.text, untilMs: nowMs + resultMs }
          : { what: "device" };
    }
    act(stepKeyTime(keys, nowMs));
    dispatch({ type: "tick" });
  }

  function tellFault(fault: Fault | null): void {
    const code = fault?.code ?? null;
    if (code === faultCode) return;
    faultCode = code;
    if (fault === null) logger.info("the front panel answers", { port });
    else logger.warn(fault.message, { code: fault.code, hint: fault.hint });
    options.onFault(fault);
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; failures += 1) {
      const reader = new LineReader();
      const fault = await talk(
        {
          path: port,
          baudRate: options.baudRate,
          clock,
          opened: (opened) => {
            line = opened;
            failures = 0;
            dispatch({ type: "opened" });
          },
          heard: (bytes) => {
            for (const body of reader.push(bytes)) take(body);
          },
        },
        stopping.signal,
      );
      line = null;
      dispatch({ type: "closed" });
      if (fault === null) return;
      tellFault(fault);
      await pause(clock, backoffDelayMs(backoff, failures + 1, options.random), stopping.signal);
    }
  }

  function take(body: string): void {
    const message = panelMessageOf(body);
    if (message === null) return;
    const usable = link.phase === "up";
    dispatch(message);
    if (message.type === "keys" && usable) act(stepKeys(keys, message.counts, clock.monotonicMs(), options.muted()));
  }

  const running = run();
  let stopped: Promise<void> | null = null;

  async function close(): Promise<void> {
    timer[Symbol.dispose]();
    display = { ...display, phase: "offline", reason: "" };
    showing = { what: "device" };
    show();
    stopping.abort();
    await running;
  }

  return {
    tell(message) {
      const before = display;
      display = displayAfter(display, message);
      if (display !== before) showSoon();
    },
    level(levelDbfs) {
      display = { ...display, levelDbfs };
      showSoon();
    },
    stop() {
      stopped ??= close();
      return stopped;
    },
  };
}
