import assert from "node:assert/strict";
import type { Fault } from "../../src/base/fault.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { RttsConfig } from "../../src/sis/rtts.ts";
import type { SpeechCache } from "../../src/synthesis/cache.ts";
import type { Outcome } from "../../src/synthesis/outcome.ts";
import type { SpeechError, SpeechIrregularity } from "../../src/synthesis/report.ts";
import type { Sink } from "../../src/synthesis/sink.ts";
import { type SayRequest, Speech } from "../../src/synthesis/speech.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { ScriptedLink } from "../lab/scripted-link.ts";

const config: RttsConfig = { audioFormat: "pcm", sampleRate: 8000 };

/** A loudspeaker on a clock moved by hand: it keeps what it is given, and plays it in real time. */
class FakeSpeaker implements Sink {
  readonly cushionMs: number;
  readonly given: number[] = [];
  readonly #clock: ManualClock;
  readonly #end = Promise.withResolvers<Fault | null>();
  readonly ended = this.#end.promise;
  finished = false;
  over = false;
  #heardAtMs = 0;

  constructor(clock: ManualClock, cushionMs: number) {
    this.#clock = clock;
    this.cushionMs = cushionMs;
  }

  get roomMs(): number {
    return Math.max(0, 1000 - Math.max(0, this.#heardAtMs - this.#clock.monotonicMs()));
  }

  give(samples: Int16Array): void {
    assert.ok(!this.over && !this.finished, "nothing is given after the end");
    this.given.push(...samples);
    this.#heardAtMs = Math.max(this.#heardAtMs, this.#clock.monotonicMs()) + samples.length / 8;
  }

  finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.#clock.after(Math.max(0, this.#heardAtMs - this.#clock.monotonicMs()), () => this.end(null));
  }

  stop(): void {
    this.end(null);
  }

  end(fault: Fault | null): void {
    this.over = true;
    this.#end.resolve(fault);
  }
}

/** Speech on a clock moved by hand: every connection is played by the test, and the loudspeaker keeps what it hears. */
export function speechLab(options: { readonly cache?: SpeechCache; readonly seed?: string } = {}) {
  const clock = new ManualClock();
  const links: ScriptedLink[] = [];
  const errors: SpeechError[] = [];
  const outcomes: Outcome[] = [];
  const irregularities: SpeechIrregularity[] = [];
  const speakers: FakeSpeaker[] = [];
  let renewals = 0;
  const speech = new Speech({
    service: {
      dial: (listener) => {
        const link = new ScriptedLink(listener, () => 0);
        links.push(link);
        return link;
      },
      credentialsRefused: () => {
        renewals += 1;
      },
      clock,
      random: seededRandom(options.seed ?? "speech"),
      onError: (error) => errors.push(error),
      onFetched() {},
      onIrregularity: (irregularity) => irregularities.push(irregularity),
    },
    config,
    openSink: () => {
      const speaker = new FakeSpeaker(clock, 150);
      speakers.push(speaker);
      return speaker;
    },
    cache: options.cache ?? null,
    onOutcome: (outcome) => outcomes.push(outcome),
    clock,
  });

  return {
    clock,
    speech,
    links,
    errors,
    outcomes,
    irregularities,
    speakers,
    get renewals() {
      return renewals;
    },
    get link(): ScriptedLink {
      const link = links.at(-1);
      assert.ok(link !== undefined, "no connection was opened");
      return link;
    },
    get speaker(): FakeSpeaker {
      const speaker = speakers.at(-1);
      assert.ok(speaker !== undefined, "no loudspeaker was opened");
      return speaker;
    },
    /** Texts of the STARTs sent so far. */
    get asked(): readonly string[] {
      return links.flatMap((link) => link.commands.map((each) => (each as { readonly text: string }).text));
    },
    say(text: string, more: Omit<SayRequest, "text"> = {}) {
      const told: { outcome: Outcome | null } = { outcome: null };
      const tell = async () => {
        told.outcome = await speech.say({ text, ...more });
      };
      void tell();
      return told;
    },
    /** Lets promises be resolved, and `ms` pass in steps of 10. */
    async pass(ms: number): Promise<void> {
      for (let done = 0; done < ms; done += 10) {
        clock.advance(10);
        await settled();
      }
      await settled();
    },
    /** Waits for one more connection than `before`, however long that takes: 20 s at the most. */
    async nextLink(before: number): Promise<void> {
      for (let ms = 0; links.length === before && ms < 20_000; ms += 100) await this.pass(100);
      assert.equal(links.length, before + 1, "another connection is opened");
    },
    /** Connects, and answers START. */
    accept(link: ScriptedLink): void {
      link.open();
      link.say({ resp_type: "START", trace_id: "t" });
    },
    /** Sound of `ms`, every sample of it `value`. */
    sound(ms: number, value: number): Uint8Array {
      return new Uint8Array(new Int16Array(ms * 8).fill(value).buffer);
    },
  };
}

async function settled(): Promise<void> {
  for (let n = 0; n < 8; n += 1) await Promise.resolve();
}

/** What the speaker got, as runs of the same sample: `value x ms`. */
export function runs(given: readonly number[]): string {
  const found: { value: number; samples: number }[] = [];
  for (const value of given) {
    const last = found.at(-1);
    if (last?.value === value) last.samples += 1;
    else found.push({ value, samples: 1 });
  }
  return found.map(({ value, samples }) => `${value}x${samples / 8}`).join(" ");
}
