import { Readable } from "node:stream";
import { type Clock, pause, systemClock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { diagnose, diagnoseFault } from "../sis/catalogue.ts";
import type { Credentials } from "../sis/credentials.ts";
import { dial } from "../sis/dial.ts";
import type { Reply, Segment } from "../sis/reply.ts";
import {
  bytesPerSample,
  encodeEnd,
  encodeStart,
  encodingOf,
  limits,
  type Mode,
  type RasrConfig,
  rasrUrl,
  sampleRateOf,
} from "../sis/request.ts";
import { errorOfEnding, SisError, sessionFull, unaskedEnd } from "./sis-error.ts";

/** What a session is to be like. */
export interface RecogniseOptions {
  /** `wss://sis-ext.{region}.myhuaweicloud.com`; `ws://` for a simulator on this machine. */
  readonly endpoint: string;
  readonly projectId: string;
  /** Default: continuous. */
  readonly mode?: Mode;
  /** Kept for as long as the program runs: it holds tokens, and what was learnt of the service's clock. */
  readonly credentials: Credentials;
  readonly config: RasrConfig;
  /** Default: the machine's. */
  readonly clock?: Clock;
  /** Ends the session at once when it aborts: the loop throws its reason. Default: only leaving the loop ends it. */
  readonly signal?: AbortSignal;
}

/** Raw mono sound in pieces of any size. */
type Sound = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** How far a session is. */
type Course =
  | { readonly is: "streaming" }
  /**
   * END is sent, and the last results come. `arrived`: it has, so an END from now on answers it. `outcome`: how the session
   * ends then.
   */
  | { readonly is: "ending"; readonly arrived: boolean; readonly outcome: SisError | null }
  | { readonly is: "over"; readonly failure: { readonly error: unknown } | null };

/** The service has so long to answer a START, and, after an END, to bring the next result or its own END, ms. */
const longestAnswerMs = { start: 10_000, end: 30_000 };
/** No more sound is put into a socket that has this much waiting, bytes. */
const mostBuffered = 64 * 1024;

/**
 * One recognition session on a connection of its own: opens it, streams `sound` as it comes, asks for the last results
 * when it is at its end, and gives each segment as the service recognises it. In sentence mode the end of the first sentence,
 * or `vadHead` without any, is the end. Nothing is tried again: what `error.diagnosis` says should be done about a failure is
 * the caller's to do. However it ends, the connection is closed and a stream destroyed; any other `sound` is let go of with its
 * next piece. A loop that waits for the next segment is left by `signal`.
 *
 * @param sound raw mono sound in `config.audioFormat`, in pieces of any size. Sound that comes faster than real time is
 *   sent so; after 20 s without any the service ends the session (SIS.0304). A last piece of
 *   less than 50 ms is filled up with silence.
 * @throws {SisError} refused, unreachable, ERROR, FATAL_ERROR, a connection that broke off, no answer in time, an END that was
 *   not asked for; `session-full`, after the last segment, where there was more sound than the mode's sessions take
 * @throws {Fault} config-invalid where endpoint or project id are malformed
 * @throws what `sound` or `credentials` throw; the reason of `signal`
 */
export async function* recognise(sound: Sound, options: RecogniseOptions): AsyncGenerator<Segment, void, undefined> {
  // A stream may fail before it is read from, and an error that nobody listens to ends the process.
  if (sound instanceof Readable) sound.on("error", () => {});
  try {
    yield* segmentsOf(sound, options);
  } finally {
    if (sound instanceof Readable) sound.destroy();
  }
}

async function* segmentsOf(sound: Sound, options: RecogniseOptions): AsyncGenerator<Segment, void, undefined> {
  const { endpoint, projectId, mode = "continuous", credentials, config, clock = systemClock, signal } = options;
  signal?.throwIfAborted();
  // A mistake in it is the caller's to hear.
  const start = encodeStart(config);
  const over = new AbortController();
  const begun = Promise.withResolvers<boolean>();
  const heard: Segment[] = [];
  let news = Promise.withResolvers<void>();
  // In an object: what has changed by the time a loop looks again is not what it was at the start.
  const session: { course: Course } = { course: { is: "streaming" } };
  let sentMessages = 0;

  const link = dial({
    url: rasrUrl(endpoint, projectId, mode),
    credentials,
    clock,
    mark: () => sentMessages,
    listener: {
      opened() {
        link.sendText(start);
        expectAnswer("START", longestAnswerMs.start);
      },
      reply: hear,
      malformed(fault) {
        // Something new is no harm; what cannot be read may have been a result.
        if (fault.code !== "wire-unknown-type") fail(new SisError(diagnoseFault(fault), fault.message, null, fault));
      },
      confirmed(mark) {
        // The ping went out just before END: an END that comes sooner than its pong was said before ours was heard.
        const { course } = session;
        if (course.is === "ending" && mark === sentMessages) session.course = { ...course, arrived: true };
      },
      closed(ending) {
        if (ending.how === "refused" && ending.diagnosis.class === "credentials") credentials.refused(ending);
        fail(errorOfEnding(ending));
      },
    },
  });
  let deadline: Disposable | null = null;

  function expectAnswer(to: string, withinMs: number): void {
    deadline?.[Symbol.dispose]();
    deadline = clock.after(withinMs, () => {
      const fault = new Fault("link-timeout", `the service did not answer ${to} within ${withinMs / 1000} s`);
      fail(new SisError(diagnoseFault(fault), fault.message, null, fault));
    });
  }

  function hear(reply: Reply): void {
    const { course } = session;
    if (course.is === "over") return;
    switch (reply.type) {
      case "START":
        deadline?.[Symbol.dispose]();
        begun.resolve(true);
        break;
      case "RESULT":
        heard.push(...reply.segments);
        // It is still at work on sound that was faster than real time.
        if (course.is === "ending") expectAnswer("END", longestAnswerMs.end);
        else if (mode === "sentence" && reply.segments.some(({ isFinal }) => isFinal)) askForEnd(null);
        tell();
        break;
      case "ERROR":
      case "FATAL_ERROR":
        fail(new SisError(diagnose(reply.code), reply.message, reply.traceId));
        break;
      case "END": {
        // A sentence may be over before its sound is.
        const isAnswer = mode === "sentence" || (course.is === "ending" && course.arrived);
        const outcome = course.is === "ending" ? course.outcome : null;
        const error =
          outcome ?? (isAnswer && reply.reason === "NORMAL" ? null : unaskedEnd(reply.reason, reply.traceId));
        finish(error && { error });
        break;
      }
      case "EVENT":
        if (reply.event === "EXCEEDED_AUDIO") askForEnd(sessionFull(reply.traceId));
        else if (mode === "sentence" && reply.event !== "VOICE_START") askForEnd(null);
        break;
    }
  }

  /** No more sound, but all results. */
  function askForEnd(outcome: SisError | null): void {
    const { course } = session;
    if (course.is === "ending") session.course = { ...course, outcome: course.outcome ?? outcome };
    if (course.is !== "streaming") return;
    session.course = { is: "ending", arrived: false, outcome };
    sentMessages += 1;
    link.ping();
    link.sendText(encodeEnd(false));
    expectAnswer("END", longestAnswerMs.end);
  }

  function fail(error: unknown): void {
    finish({ error });
  }

  /** The first end counts. */
  function finish(failure: { readonly error: unknown } | null): void {
    if (session.course.is === "over") return;
    session.course = { is: "over", failure };
    deadline?.[Symbol.dispose]();
    begun.resolve(false);
    over.abort();
    link.close();
    if (sound instanceof Readable) sound.destroy();
    tell();
  }

  function tell(): void {
    news.resolve();
    news = Promise.withResolvers();
  }

  async function send(): Promise<void> {
    if (!(await begun.promise)) return;
    for await (const message of messages(sound, config)) {
      if (session.course.is !== "streaming") return;
      link.sendAudio(message);
      sentMessages += 1;
      while (link.bufferedBytes() > mostBuffered && session.course.is === "streaming")
        await pause(clock, 20, over.signal);
    }
    askForEnd(null);
  }

  if (sound instanceof Readable) sound.once("error", fail);
  send().catch(fail);
  const leave = () => fail(signal?.reason);
  signal?.addEventListener("abort", leave, { once: true });
  try {
    for (;;) {
      const segment = heard.shift();
      if (segment !== undefined) yield segment;
      else if (session.course.is !== "over") await news.promise;
      else break;
    }
  } finally {
    signal?.removeEventListener("abort", leave);
    finish(null);
  }
  if (session.course.is === "over" && session.course.failure !== null) throw session.course.failure.error;
}

const silence = { pcm: 0, ulaw: 0xff, alaw: 0xd5 } as const;

/** Sound in messages of 100 ms; the last is as long as what is left, or filled up with silence to what the service takes. */
async function* messages(sound: Sound, { audioFormat }: RasrConfig): AsyncGenerator<Uint8Array> {
  const bytesPerMs = (sampleRateOf(audioFormat) / 1000) * bytesPerSample(audioFormat);
  const wanted = limits.chunkMs.default * bytesPerMs;
  let waiting = new Uint8Array(0);
  for await (const piece of sound) {
    waiting = Buffer.concat([waiting, piece]);
    let from = 0;
    for (; waiting.length - from >= wanted; from += wanted) yield waiting.subarray(from, from + wanted);
    waiting = waiting.subarray(from);
  }
  if (waiting.length === 0) return;
  const missing = Math.max(0, limits.chunkMs.min * bytesPerMs - waiting.length);
  yield Buffer.concat([waiting, Buffer.alloc(missing, silence[encodingOf(audioFormat)])]);
}
