import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { beat, type Heartbeat, ping, pong, startHeartbeat } from "./heartbeat.ts";
import { parseHttpDate } from "./http-answer.ts";
import { cannotReach, closed, type LinkEnding, noWebSocket, refusal, unreachable, violation } from "./link-ending.ts";
import { explainNetworkError } from "./network-errors.ts";
import { decodeReply, maxReplyBytes, type Reply } from "./reply.ts";

export type { LinkEnding } from "./link-ending.ts";

/** One WebSocket connection to the service. Sending is a no-op unless it is open. */
export interface Link {
  sendText(text: string): void;
  /** The bytes are copied out before it returns. */
  sendAudio(bytes: Uint8Array): void;
  /** Asks, before the next ping is due, whether everything sent so far has arrived. */
  ping(): void;
  /**
   * Bytes accepted for sending that the operating system has not taken yet; 0 unless open. Asked with each message:
   * getters are slow.
   */
  bufferedBytes(): number;
  /** Ends politely: close code 1000, then by force after 2 s. Again, or when it has ended: nothing. */
  close(): void;
  /** Ends at once. */
  destroy(): void;
}

/** What a link tells: opened? (reply | audio | malformed | confirmed)* closed. Never called from within a call to the link. */
export interface LinkListener {
  opened(): void;
  reply(reply: Reply): void;
  /** Synthesised sound. Without this method binary messages are malformed. The bytes are the listener's to keep. */
  audio?(bytes: Uint8Array): void;
  /** A message that is none of the protocol's. The link goes on, or says closed. */
  malformed(fault: Fault): void;
  /** Everything sent before `mark()` returned this has arrived. */
  confirmed(mark: number): void;
  /** Exactly once, also if it never opened. Nothing is called after it. */
  closed(ending: LinkEnding): void;
}

/** Durations in ms. */
export interface LinkTiming {
  /** From the call to the upgrade's answer. */
  readonly upgradeMs: number;
  readonly pingMs: number;
  /** A ping unanswered for this long ends the link. With `pingMs`, a dead link is noticed within 10 s. */
  readonly deadMs: number;
  /** For the closing handshake. */
  readonly closeMs: number;
  /** For the body of a refusal. */
  readonly refusalBodyMs: number;
}

/**
 * How often a link pings, ms. A pong comes only after all that was sent before its ping has passed, so what is on its
 * way must be little enough for the uplink to carry within the 8 s that a pong may take.
 */
export const pingEveryMs = 2000;

const usualTiming: LinkTiming = {
  upgradeMs: 10_000,
  pingMs: pingEveryMs,
  deadMs: 8000,
  closeMs: 2000,
  refusalBodyMs: 2000,
};

const longestRefusalBody = 64 * 1024;

/** Beyond this the WebSocket itself fails; what lies between is read, refused as wire-oversized, and survived. */
const maxPayload = 4 * maxReplyBytes;

type State =
  /** `answered`: with 101; whether it is a WebSocket that answers is still to be seen. */
  | { readonly phase: "connecting"; readonly timer: Disposable; readonly answered: boolean }
  /** `soFar`: what the part of the answer that has come says. */
  | { readonly phase: "refused"; readonly timer: Disposable; readonly soFar: () => LinkEnding }
  /** `cut`: the socket's own error, which comes before the WebSocket's close. */
  | { readonly phase: "open"; readonly timer: Disposable; readonly heartbeat: Heartbeat; readonly cut: string }
  /** `ending`: already decided; null: what the closing handshake says. */
  | {
      readonly phase: "closing";
      readonly timer: Disposable;
      readonly ending: LinkEnding | null;
      readonly asked: boolean;
    }
  | { readonly phase: "ended"; readonly timer: null };

/** What a link is made of. */
export interface LinkOptions {
  readonly url: URL;
  /** Sent with the upgrade, exactly. */
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly listener: LinkListener;
  /** How far has been sent, as a number that never falls; asked when a ping goes out. */
  readonly mark: () => number;
  /**
   * Told the Date of the answer to the upgrade, whatever the answer is, but for a page: ms since the epoch, by the
   * service's clock.
   */
  readonly onDate?: ((serverMs: number) => void) | undefined;
  /** Default: those of production. */
  readonly timing?: Partial<LinkTiming>;
}

/** A link that never was: whatever is sent into it is gone. */
export const noLink: Link = {
  sendText() {},
  sendAudio() {},
  ping() {},
  bufferedBytes: () => 0,
  close() {},
  destroy() {},
};

/**
 * Connects to the service and keeps the connection's life: upgrade, heartbeat, end. Never throws: what goes wrong comes
 * as `closed`. Redirects are not followed, nothing is compressed, everything received is bounded.
 */
export function openLink(options: LinkOptions): Link {
  const socket = connect(options.url, options.headers);
  if (!(socket instanceof Fault)) return tend(socket, options);
  options.clock.after(0, () => options.listener.closed(unreachable(socket)));
  return noLink;
}

function tend(socket: WebSocket, options: LinkOptions): Link {
  const { url, clock, listener } = options;
  const timing = { ...usualTiming, ...options.timing };
  let state: State = { phase: "connecting", timer: clock.after(timing.upgradeMs, upgradeTimedOut), answered: false };

  function move(next: State): void {
    state.timer?.[Symbol.dispose]();
    state = next;
  }

  function end(ending: LinkEnding): void {
    if (state.phase === "ended") return;
    move({ phase: "ended", timer: null });
    socket.terminate();
    if (ending.how === "refused") toldDate(ending.serverDateMs);
    listener.closed(ending);
  }

  function toldDate(serverMs: number | null): void {
    if (serverMs !== null) options.onDate?.(serverMs);
  }

  /** The rest is the closing handshake's, for as long as it may take; then the socket is cut, which ends it too. */
  function finish(ending: LinkEnding | null, asked: boolean): void {
    move({ phase: "closing", timer: clock.after(timing.closeMs, () => socket.terminate()), ending, asked });
  }

  function upgradeTimedOut(): void {
    const message = `${url.host} did not answer the upgrade within ${timing.upgradeMs / 1000} s`;
    end(unreachable(new Fault("link-timeout", message)));
  }

  function onRefusal(answer: IncomingMessage): void {
    if (state.phase !== "connecting") return;
    const chunks: Buffer[] = [];
    let length = 0;
    const soFar = () => refusal(answer, Buffer.concat(chunks).toString("utf8"), clock.wallMs());
    const done = () => end(soFar());
    move({ phase: "refused", timer: clock.after(timing.refusalBodyMs, done), soFar });
    answer.on("data", (chunk: Buffer) => {
      chunks.push(chunk.subarray(0, longestRefusalBody - length));
      length = Math.min(longestRefusalBody, length + chunk.length);
      if (length === longestRefusalBody) done();
    });
    answer.on("end", done).on("error", done).on("close", done);
  }

  function onOpen(): void {
    if (state.phase !== "connecting") return;
    const heartbeat = startHeartbeat(clock.monotonicMs(), timing);
    move({ phase: "open", timer: nextBeat(heartbeat), heartbeat, cut: "" });
    listener.opened();
  }

  function nextBeat(heartbeat: Heartbeat): Disposable {
    return clock.after(heartbeat.dueMs - clock.monotonicMs(), onBeat);
  }

  function onBeat(): void {
    if (state.phase !== "open") return;
    const mark = options.mark();
    const outcome = beat(state.heartbeat, clock.monotonicMs(), mark, timing);
    if (outcome.verdict === "dead") {
      const message = `${url.host} has answered no ping for ${timing.deadMs / 1000} s`;
      end({ how: "dead", fault: new Fault("link-dead", message) });
      return;
    }
    move({ ...state, heartbeat: outcome.next, timer: nextBeat(outcome.next) });
    socket.ping(String(mark));
  }

  /** Bytes have come, and ws has already read them: among them may be a close frame, of which it tells only later. */
  function onBytes(): void {
    if (state.phase === "open" && socket.readyState === WebSocket.CLOSING) finish(null, false);
  }

  function onPong(payload: Buffer): void {
    if (state.phase !== "open") return;
    const { next, confirmed } = pong(state.heartbeat, payload.toString("latin1"));
    state = { ...state, heartbeat: next };
    if (confirmed !== null) listener.confirmed(confirmed);
  }

  function onMessage(data: Buffer, isBinary: boolean): void {
    if (state.phase !== "open" && state.phase !== "closing") return;
    if (isBinary && listener.audio !== undefined) {
      listener.audio(data);
      return;
    }
    const reply = decodeReply(data, isBinary);
    if (reply instanceof Fault) listener.malformed(reply);
    else listener.reply(reply);
  }

  /** Before the upgrade: the connection failed. After it: the peer broke the rules of WebSocket. */
  function onError(error: Error): void {
    if (state.phase === "connecting") {
      end(state.answered ? noWebSocket(url.host, error) : cannotReach(url.host, error));
    }
    if (state.phase !== "open") return;
    const { fault, ending } = violation(error, maxPayload);
    finish(ending, false);
    listener.malformed(fault);
  }

  function onClose(code: number, reason: string): void {
    if (state.phase === "closing") end(state.ending ?? closed(code, reason, state.asked));
    else if (state.phase === "open") end(closed(code, reason || state.cut, false));
    else if (state.phase === "refused") end(state.soFar());
    else end(cannotReach(url.host, new Error("closed before the upgrade was answered")));
  }

  socket.on("unexpected-response", (_request, answer) => onRefusal(answer));
  socket.on("upgrade", (answer) => {
    toldDate(parseHttpDate(answer.headers.date));
    if (state.phase === "connecting") state = { ...state, answered: true };
    answer.socket.on("error", (error) => {
      if (state.phase === "open") state = { ...state, cut: explainNetworkError(error).code ?? "" };
    });
    socket.once("open", () => answer.socket.on("data", onBytes));
  });
  socket.on("open", onOpen);
  socket.on("message", (data, isBinary) => {
    if (Buffer.isBuffer(data)) onMessage(data, isBinary);
  });
  socket.on("pong", onPong);
  socket.on("error", onError);
  socket.on("close", (code, reason) => onClose(code, reason.toString("utf8")));

  return {
    sendText(text) {
      if (state.phase === "open") socket.send(text);
    },
    sendAudio(bytes) {
      if (state.phase === "open") socket.send(bytes);
    },
    ping() {
      if (state.phase !== "open") return;
      const mark = options.mark();
      state = { ...state, heartbeat: ping(state.heartbeat, clock.monotonicMs(), mark, timing) };
      socket.ping(String(mark));
    },
    bufferedBytes() {
      return state.phase === "open" ? socket.bufferedAmount : 0;
    },
    close() {
      if (state.phase === "closing" || state.phase === "ended") return;
      finish(null, true);
      socket.close(1000);
    },
    destroy() {
      if (state.phase === "ended") return;
      finish(null, true);
      socket.terminate();
    },
  };
}

function connect(url: URL, headers: Readonly<Record<string, string>>): WebSocket | Fault {
  try {
    return new WebSocket(url, {
      headers: { ...headers },
      followRedirects: false,
      perMessageDeflate: false,
      maxPayload,
    });
  } catch (error) {
    return new Fault("config-invalid", `no request can be made of the settings for ${url.host}`, {
      hint: "Check the keys and tokens under [sis.auth] for characters that do not belong there.",
      cause: error,
    });
  }
}
