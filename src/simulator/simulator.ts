/**
 * The SIS service for tests, demo and doctor: real-time recognition in its three modes, real-time synthesis, IAM tokens
 * and AK/SK, on one port. It recognises DTMF digits instead of speech, so that sound with a running number shows what
 * got lost on the way (numbers.ts), and it does wrong on demand (faults.ts). What it says is decided without I/O in
 * conversation.ts.
 */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { type Clock, systemClock } from "../base/clock.ts";
import { listenFault } from "../base/listen.ts";
import type { Mode } from "../sis/request.ts";
import { Tokens, testAccounts } from "./accounts.ts";
import { checkOptions } from "./check-options.ts";
import { Connection, type ConnectionHost } from "./connection.ts";
import type { StartFault } from "./conversation.ts";
import { FaultPlan, type FaultRecord, type Place } from "./fault-plan.ts";
import { type FaultEntry, type PlannedFault, parseFaults, type SimulatedFault } from "./faults.ts";
import { type Admission, admit, type Refusal, usualRefusal } from "./gateway.ts";
import { answerHttp, type HttpHost, refuseUpgrade } from "./http.ts";
import { type IamAnswer, iamError, issueToken } from "./iam.ts";
import { type ConnectionRecord, Ledger, type SimulatorState } from "./ledger.ts";
import { realLimits, type Simulator, type SimulatorLimits, type SimulatorOptions, type VoiceKind } from "./options.ts";
import type { Peer } from "./peer.ts";
import { SpeechConnection, type SpeechHost } from "./rtts-connection.ts";
import { SpeechLedger } from "./rtts-ledger.ts";

/**
 * Starts the service and resolves when it listens.
 *
 * @throws {Fault} config-invalid for an option or a fault that is none
 * @throws {Fault} address-unavailable when the address or port cannot be had
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  checkOptions(options);
  const faults = parseFaults(options.faults ?? []);
  const server = new SimulatorServer(options);
  const port = options.port ?? 0;
  await server.listen(port).catch((error: unknown) => {
    throw listenFault(error, server.host, port, {
      port: "Choose another port, or --port 0 for any that is free.",
      host: "Check --host: an IP address of this machine, or a name for one.",
    });
  });
  server.addFaults(faults);
  return server;
}

/** Longer WebSocket messages end the connection with code 1009; the service's own limit for audio is far below. */
const greatestMessage = 1024 * 1024;
/** Tokens are long, and travel as a header. */
const greatestHeader = 64 * 1024;
/** How often it is tried to get the port back, ms. */
const reopenMs = 50;

class SimulatorServer implements Simulator, ConnectionHost, SpeechHost, HttpHost {
  readonly host: string;
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly speech = new SpeechLedger();
  readonly #options: SimulatorOptions;
  readonly #limits: SimulatorLimits;
  readonly #startedMs: number;
  readonly #tokens: Tokens;
  readonly #plan = new FaultPlan();
  readonly #http;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: greatestMessage,
  });
  readonly #sockets = new Set<Socket>();
  /** The one that was heard last comes last. */
  readonly #connections = new Set<Peer>();
  #planTimer: Disposable | null = null;
  #reopenTimer: Disposable | null = null;
  #shutUntilMs = 0;
  #port = 0;
  #clockOffsetMs: number;

  constructor(options: SimulatorOptions) {
    this.host = options.host ?? "127.0.0.1";
    this.clock = options.clock ?? systemClock;
    this.#options = options;
    this.#limits = { ...realLimits, ...options.limits };
    this.#clockOffsetMs = options.clockOffsetMs ?? 0;
    this.#startedMs = this.clock.monotonicMs();
    this.#tokens = new Tokens((options.accounts ?? testAccounts).tokens);
    this.ledger = new Ledger(this.clock.wallMs());
    this.#http = createServer({ maxHeaderSize: greatestHeader }, (request, response) => {
      answerHttp(request, response, this).catch(() => response.destroy());
    });
    this.#http.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#http.on("error", (error) => {
      // A failure to begin listening is told by `listen`.
      if (this.#http.listening) this.#options.logger?.warn("server", { error: error.message });
    });
    this.#http.on("upgrade", (request, socket, head) => this.#onUpgrade(request, socket, head));
    this.#webSockets.on("headers", (headers) => {
      headers.push(`Date: ${new Date(this.wallMs()).toUTCString()}`);
    });
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `ws://${this.#authority}`;
  }

  get httpUrl(): string {
    return `http://${this.#authority}`;
  }

  get idleMs(): number {
    return this.#limits.idleMs;
  }

  get voice(): VoiceKind {
    return this.#options.voice ?? "auto";
  }

  get speechRate(): number {
    return this.#options.speechRate ?? 4;
  }

  nowMs(): number {
    return Math.floor(this.clock.monotonicMs() - this.#startedMs);
  }

  wallMs(): number {
    return this.clock.wallMs() + this.#clockOffsetMs;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#http.once("error", reject);
      this.#http.listen(port, this.host, () => {
        this.#http.off("error", reject);
        const address = this.#http.address();
        this.#port = typeof address === "object" && address !== null ? address.port : port;
        resolve();
      });
    });
  }

  addFault(fault: FaultEntry): FaultRecord {
    const [planned] = parseFaults(fault);
    if (planned === undefined) throw new RangeError("one fault at a time");
    const record = this.#plan.add(planned, this.nowMs());
    this.#strikeNow();
    return this.#plan.records().find(({ id }) => id === record.id) ?? record;
  }

  addFaults(faults: readonly PlannedFault[]): readonly FaultRecord[] {
    const records = faults.map((fault) => this.#plan.add(fault, this.nowMs()));
    this.#strikeNow();
    return records;
  }

  clearFaults(): void {
    this.#plan.clear();
  }

  state(): SimulatorState {
    return this.ledger.view(this.nowMs(), {
      tokens: this.#tokens.counts(this.wallMs()),
      faults: this.#plan.records(),
      speech: this.speech.view(),
    });
  }

  token(body: string): IamAnswer | Refusal {
    const fault = this.#strike("iam", null);
    if (fault?.kind === "refuse") {
      const usual = iamError(fault.status, fault.message ?? usualRefusal(fault.status).message);
      const headers = fault.retry_after === undefined ? {} : { "Retry-After": String(fault.retry_after) };
      return { ...usual, headers };
    }
    const { accounts = testAccounts } = this.#options;
    return issueToken(body, accounts, this.#tokens, this.#limits.tokenMs, this.wallMs());
  }

  starting(connection: Peer, start: number): StartFault | null {
    this.#plan.reached("session", start, this.nowMs());
    const fault = this.#strike("start", connection);
    return fault?.kind === "error-on-start" || fault?.kind === "start-twice" ? fault : null;
  }

  ending(connection: Peer): { readonly kind: "late-result" } | null {
    const fault = this.#strike("end", connection);
    return fault?.kind === "late-result" ? fault : null;
  }

  heard(totalMs: number): void {
    this.#plan.reached("audio_ms", totalMs, this.nowMs());
  }

  spoke(totalMs: number): void {
    this.#plan.reached("spoken_ms", totalMs, this.nowMs());
  }

  settled(connection: Peer): void {
    this.#connections.delete(connection);
    this.#connections.add(connection);
    this.#strikeServer();
    while (connection.isOpen) {
      const fault =
        this.#strike("connection", connection) ?? (connection.hasSession ? this.#strike("session", connection) : null);
      if (fault === null) return;
      connection.suffer(fault);
    }
  }

  closed(connection: Peer): void {
    this.#connections.delete(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#planTimer?.[Symbol.dispose]();
    this.#reopenTimer?.[Symbol.dispose]();
    for (const connection of this.#connections) connection.destroy();
    const closed = [...this.#sockets].map((socket) => once(socket, "close"));
    for (const socket of this.#sockets) socket.destroy();
    const stopped = Promise.withResolvers<void>();
    this.#http.close(() => stopped.resolve());
    await Promise.all([stopped.promise, ...closed]);
  }

  get #authority(): string {
    return `${this.host.includes(":") ? `[${this.host}]` : this.host}:${this.#port}`;
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const number = this.ledger.attempt();
    this.#plan.reached("connection", number, this.nowMs());
    const fault = this.#strike("door", null, isForSpeech(request) ? "rtts" : "rasr");
    const admission = fault?.kind === "refuse" ? refusalOf(fault) : this.#admit(request);
    if ("status" in admission) {
      this.ledger.refused(admission, this.nowMs());
      refuseUpgrade(socket, admission, this.wallMs());
      return;
    }
    if (!(socket instanceof Socket)) return;
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const record = this.ledger.connected(number, admission.mode, admission.projectId, this.nowMs());
      const connection = this.#connection(admission.mode, webSocket, socket, record);
      if (fault !== null) connection.suffer(fault);
      this.settled(connection);
    });
  }

  #admit(request: IncomingMessage): Admission | Refusal {
    const { auth = "none", accounts = testAccounts } = this.#options;
    const { method = "GET", url = "/", headers } = request;
    return admit({ method, target: url, headers }, { auth, accounts, tokens: this.#tokens }, this.wallMs());
  }

  #connection(mode: Admission["mode"], webSocket: WebSocket, socket: Socket, record: ConnectionRecord): Peer {
    if (mode === "rtts") return new SpeechConnection(this, webSocket, socket, record);
    return new Connection(this, this.#rules(mode), webSocket, socket, record);
  }

  #rules(mode: Mode) {
    const { continuousMs, sentenceMs, shortMs, connectionMs } = this.#limits;
    return {
      mode,
      limits: { session: { continuous: continuousMs, sentence: sentenceMs, short: shortMs }, connectionMs },
      sentenceEnd: this.#options.sentenceEnd ?? "wait",
      voiceDbfs: this.#options.voiceDbfs ?? -45,
      newTraceId: () => randomUUID(),
    };
  }

  /** Lets faults strike that need no message to come first, and looks ahead to the next that has a time. */
  #strikeNow(): void {
    this.#planTimer?.[Symbol.dispose]();
    this.#planTimer = null;
    const { sessions, connections, audio_ms, speech } = this.state();
    const counts = {
      session: sessions.starts,
      connection: connections.attempts,
      audio_ms,
      spoken_ms: speech.spoken_ms,
    };
    this.#plan.passed(counts, this.nowMs());
    this.#plan.clock(this.nowMs());
    this.#strikeServer();
    const open = [...this.#connections].filter((connection) => connection.isOpen);
    for (const service of ["rasr", "rtts"] as const) {
      const latest = open.findLast((connection) => connection.service === service);
      if (latest !== undefined) this.settled(latest);
    }
    const nextMs = this.#plan.nextClockMs();
    if (nextMs !== null) this.#planTimer = this.clock.after(nextMs - this.nowMs(), () => this.#strikeNow());
  }

  #strikeServer(): void {
    for (let fault = this.#strike("server", null); fault !== null; fault = this.#strike("server", null)) {
      if (fault.kind === "expire-tokens") this.#tokens.expireAll(this.wallMs());
      if (fault.kind === "clock-off") this.#clockOffsetMs = fault.offset_ms;
      if (fault.kind === "refuse-connections") this.#shut(fault.for_ms);
    }
  }

  #strike(place: Place, connection: Peer | null, service = connection?.service ?? null): SimulatedFault | null {
    const fault = this.#plan.strike(place, this.nowMs(), connection?.record.number ?? null, service);
    if (fault !== null)
      this.#options.logger?.info("fault", { kind: fault.kind, connection: connection?.record.number });
    return fault;
  }

  /** Stops listening for a while: connecting is refused by the system. Connections that are open stay. */
  #shut(forMs: number): void {
    this.#http.close();
    this.#shutUntilMs = Math.max(this.#shutUntilMs, this.nowMs() + forMs);
    this.#reopenTimer?.[Symbol.dispose]();
    this.#reopenTimer = this.clock.after(this.#shutUntilMs - this.nowMs(), () => this.#reopen());
  }

  #reopen(): void {
    this.listen(this.#port).catch(() => {
      this.#reopenTimer = this.clock.after(reopenMs, () => this.#reopen());
    });
  }
}

function isForSpeech(request: IncomingMessage): boolean {
  return /\/rtts\/?(?:\?.*)?$/.test(request.url ?? "");
}

function refusalOf(fault: Extract<SimulatedFault, { kind: "refuse" }>): Refusal {
  const usual = usualRefusal(fault.status);
  return {
    status: fault.status,
    code: fault.code ?? usual.code,
    message: fault.message ?? usual.message,
    ...(fault.retry_after !== undefined && { retryAfter: fault.retry_after }),
  };
}
