import { setTimeout as sleep } from "node:timers/promises";
import { numberSamples, numberWord, plainNumbers } from "../../../src/simulator/numbers.ts";
import { cpuMs } from "../process-figures.ts";
import { inTurn } from "../turns.ts";
import type { Fault } from "./faults.ts";
import type { RunningClient } from "./runner.ts";
import { accountWords, judgeable, liveFrom, type WordAccount } from "./words.ts";

const shape = plainNumbers(16_000);
const blockMs = 100;
const blocksALook = 5;
/** Processes start, and those of other scenes with them; then it is spoken. */
const startMs = 3000;
/** The fault strikes in the middle of a word, once all are live and so many words were spoken. */
const strikeAfterWords = 4;
const strikeInWordMs = 180;
const firstLiveWithinMs = 30_000;
/** So long it is spoken at least when the fault is over. */
const leastAfterMs = 8000;
/** After the last word, silence that ends it for every service; then the end of the sound. */
const silenceMs = 2000;
/** Clients get so long to bring what they still have. */
const drainMs = 40_000;

/** What a client has made of a fault. */
export interface Outcome extends WordAccount {
  /** From the fault's end until words that begin then come back promptly, ms; null: never again. */
  readonly liveMs: number | null;
  /** Connections that it tried to open, from the fault's beginning on. */
  readonly attempts: number;
  readonly megabytes: number;
  /** The most bytes in one connection that the far end had not taken. */
  readonly mostUnread: number;
}

/** What all processes of a client have made of it: all their words, the latest, the mean of their memory. */
export function together(outcomes: readonly Outcome[]): Outcome {
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const lives = outcomes.map(({ liveMs }) => liveMs);
  return {
    spoken: sum(({ spoken }) => spoken),
    lost: sum(({ lost }) => lost),
    doubled: sum(({ doubled }) => doubled),
    pieces: sum(({ pieces }) => pieces),
    liveMs: lives.reduce((latest, live) => (latest === null || live === null ? null : Math.max(latest, live)), 0),
    attempts: sum(({ attempts }) => attempts),
    megabytes: sum(({ megabytes }) => megabytes) / outcomes.length,
    mostUnread: Math.max(...outcomes.map(({ mostUnread }) => mostUnread)),
  };
}

/** How long a fault-free run is measured, and after how long. */
export interface Measure {
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Speaks the same numbers to all clients in real time. Times are ms since the sound began. */
class Speaker {
  readonly #clients: readonly RunningClient[];
  readonly #signal: AbortSignal;
  readonly beganMs = performance.now();
  #block = 0;

  constructor(clients: readonly RunningClient[], signal: AbortSignal) {
    this.#clients = clients;
    this.#signal = signal;
  }

  /** What has been said so far. */
  get saidMs(): number {
    return this.#block * blockMs;
  }

  /** Speaks one block more. @param silent no sound in it */
  async speak(silent = false): Promise<void> {
    const length = (blockMs * shape.sampleRate) / 1000;
    const samples = silent ? new Int16Array(length) : numberSamples(this.#block * length, length, shape);
    this.#block += 1;
    await sleep(Math.max(0, this.beganMs + this.saidMs - performance.now()), undefined, { signal: this.#signal });
    // Each is the first in its turn: who comes after others finds the processor warm, or taken.
    for (const client of inTurn(this.#clients, this.#block)) {
      client.write(new Uint8Array(samples.buffer));
      // Of a client that ends, the last look stands.
      if (this.#block % blocksALook === 0) client.peakMegabytes();
    }
  }

  async speakUntil(ms: number, silent = false): Promise<void> {
    while (this.saidMs < ms) await this.speak(silent);
  }

  /** Speaks to the end of a word. @returns the words spoken so far */
  async finishWord(): Promise<number> {
    const words = Math.ceil((this.saidMs - shape.firstAtMs) / shape.everyMs);
    await this.speakUntil(numberWord(words, shape).endMs);
    return words;
  }
}

/**
 * Nothing goes wrong, and it is measured.
 * @param how.alone resolves when nothing else runs on this machine: the warm-up lasts until then at least
 * @returns outcomes and ms of CPU a second of sound, in the clients' order
 */
export async function measure(
  clients: readonly RunningClient[],
  { warmUpSeconds, seconds, alone }: Measure & { readonly alone: Promise<void> },
  signal: AbortSignal,
): Promise<{ readonly outcomes: Outcome[]; readonly cpuMsPerSecond: number[] }> {
  await sleep(startMs, undefined, { signal });
  const speaker = new Speaker(clients, signal);
  const isAlone = new AbortController();
  // A failure is the business of whoever has begun what runs beside this.
  void alone.catch(() => {}).then(() => isAlone.abort());
  while (!isAlone.signal.aborted || speaker.saidMs < warmUpSeconds * 1000) await speaker.speak();
  const used = () => clients.map((client) => (client.hasEnded ? Number.NaN : cpuMs(client.pid)));
  const before = used();
  await speaker.speakUntil(speaker.saidMs + seconds * 1000);
  const cpuMsPerSecond = used().map((after, index) => (after - (before[index] ?? Number.NaN)) / seconds);
  return {
    outcomes: await conclude(speaker, clients, { struckMs: Number.POSITIVE_INFINITY, overMs: 0 }, signal),
    cpuMsPerSecond,
  };
}

/** A fault strikes all clients at the same moment. @returns outcomes in the clients' order */
export async function suffer(clients: readonly RunningClient[], fault: Fault, signal: AbortSignal): Promise<Outcome[]> {
  await sleep(startMs, undefined, { signal });
  const speaker = new Speaker(clients, signal);
  await speaker.speakUntil(numberWord(strikeAfterWords, shape).startMs);
  while (!clients.every((client) => isLive(speaker, client, 0))) {
    if (speaker.saidMs > firstLiveWithinMs) throw new Error(`never heard anything: ${names(clients, speaker)}`);
    await speaker.speak();
  }
  const words = await speaker.finishWord();
  await speaker.speakUntil(numberWord(words + 1, shape).startMs + strikeInWordMs);

  const struckMs = performance.now();
  await Promise.all(clients.map(async ({ link }) => fault.begin(link)));
  await speaker.speakUntil(speaker.saidMs + fault.lastsMs);
  await Promise.all(clients.map(({ link }) => link.mend()));
  const overMs = performance.now() - speaker.beganMs;

  const isDone = (client: RunningClient) => client.hasEnded || isLive(speaker, client, overMs);
  while (speaker.saidMs < overMs + fault.patienceMs) {
    if (speaker.saidMs > overMs + leastAfterMs && clients.every(isDone)) break;
    await speaker.speak();
  }
  return conclude(speaker, clients, { struckMs, overMs }, signal);
}

/**
 * The last word, silence, the end; waits for what is still to come.
 * @param times.struckMs when the fault began, of `performance.now()`
 * @param times.overMs when it was over, ms since the sound began
 */
async function conclude(
  speaker: Speaker,
  clients: readonly RunningClient[],
  { struckMs, overMs }: { readonly struckMs: number; readonly overMs: number },
  signal: AbortSignal,
): Promise<Outcome[]> {
  const words = await speaker.finishWord();
  await speaker.speakUntil(speaker.saidMs + silenceMs, true);
  const megabytes = clients.map((client) => client.peakMegabytes());
  for (const client of clients) client.endInput();
  const deadline = performance.now() + drainMs;
  while (performance.now() < deadline && !clients.every(({ hasEnded }) => hasEnded))
    await sleep(100, undefined, { signal });
  return clients.map((client, index) => {
    const hearings = heardBy(client, speaker);
    const fromMs = liveFrom(overMs, words, hearings, shape);
    return {
      ...accountWords(words, hearings, shape),
      liveMs: fromMs === null ? null : fromMs - overMs,
      attempts: client.attemptsMs.filter((atMs) => atMs >= struckMs).length,
      megabytes: megabytes[index] ?? Number.NaN,
      mostUnread: client.link.mostUnread,
    };
  });
}

function isLive(speaker: Speaker, client: RunningClient, fromMs: number): boolean {
  const spoken = judgeable(speaker.saidMs, shape);
  return liveFrom(fromMs, spoken, heardBy(client, speaker), shape) !== null;
}

function heardBy({ hearings }: RunningClient, { beganMs }: Speaker) {
  return hearings.map(({ text, atMs }) => ({ text, atMs: atMs - beganMs }));
}

function names(clients: readonly RunningClient[], speaker: Speaker): string {
  return clients
    .filter((client) => !isLive(speaker, client, 0))
    .map(({ name }) => name)
    .join(", ");
}
