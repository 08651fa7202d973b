import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { FaultEntry } from "../../src/simulator/faults.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { dial } from "../../src/sis/dial.ts";
import { rttsUrl } from "../../src/sis/rtts.ts";
import type { Outcome } from "../../src/synthesis/outcome.ts";
import type { SpeechError } from "../../src/synthesis/report.ts";
import type { Sink } from "../../src/synthesis/sink.ts";
import { Speech } from "../../src/synthesis/speech.ts";

/** Waits of seconds pass in a third of the time. */
const hastyClock: Clock = { ...systemClock, after: (delayMs, action) => systemClock.after(delayMs / 3, action) };

/** A loudspeaker that takes everything at once. */
function eager(): Sink & { samples: number } {
  const end = Promise.withResolvers<null>();
  return {
    samples: 0,
    roomMs: Number.POSITIVE_INFINITY,
    cushionMs: 150,
    give(samples) {
      this.samples += samples.length;
    },
    finish: () => end.resolve(null),
    stop: () => end.resolve(null),
    ended: end.promise,
  };
}

interface Told {
  readonly outcome: Outcome;
  readonly codes: readonly string[];
  /** Sound that was played, ms. */
  readonly playedMs: number;
  readonly attempts: number;
}

/** The text "12" (260 ms, and a gap of 400) through a service with faults, over real connections. */
async function say(...faults: readonly FaultEntry[]): Promise<Told> {
  await using simulator = await startSimulator({ voice: "dtmf", faults, speechRate: 20 });
  const errors: SpeechError[] = [];
  const sink = eager();
  const url = rttsUrl(simulator.url, "p");
  const credentials = { authorize: () => Promise.resolve({}), refused() {}, expiresAtMs: () => null };
  const speech = new Speech({
    service: {
      dial: (listener) => dial({ url, credentials, clock: hastyClock, listener, mark: () => 0 }),
      credentialsRefused: () => credentials.refused(),
      clock: hastyClock,
      random: () => 0.5,
      onError: (error) => errors.push(error),
      onFetched() {},
      onIrregularity() {},
    },
    config: { audioFormat: "ulaw", sampleRate: 8000 },
    openSink: () => sink,
    cache: null,
    onOutcome() {},
    clock: hastyClock,
  });
  const outcome = await speech.say({ text: "12" });
  await speech.stop();
  const { attempts } = simulator.state().connections;
  return { outcome, codes: errors.map(({ code }) => code), playedMs: sink.samples / 8, attempts };
}

const wholeMs = 560;
const inSound = { spoken_ms: 200 };
const beforeSound = { session: 1 };

suite("a text through the service", { timeout: 300_000 }, () => {
  test("is played whole", async () => {
    const { outcome, codes, playedMs, attempts } = await say();
    assert.deepEqual([outcome.result, codes, playedMs, attempts], ["spoken", [], wholeMs, 1]);
  });

  const healed: readonly (readonly [what: string, fault: FaultEntry, code: string, playedMs: number])[] = [
    ["a refused upgrade", { fault: { kind: "refuse", status: 503 } }, "APIGW.0201", wholeMs],
    ["a first refusal of credentials", { fault: { kind: "refuse", status: 401 } }, "APIGW.0301", wholeMs],
    ["a connection that ends at once", { fault: "accept-then-close" }, "link-lost", wholeMs],
    ["ERROR to START", { fault: { kind: "error-on-start", code: "SIS.0412" } }, "SIS.0412", wholeMs],
    [
      "FATAL_ERROR before the sound",
      { at: beforeSound, fault: { kind: "fatal", code: "SIS.0416" } },
      "SIS.0416",
      wholeMs,
    ],
    [
      "FATAL_ERROR in the sound",
      { at: inSound, fault: { kind: "fatal", code: "SIS.0413" } },
      "SIS.0413",
      200 + wholeMs,
    ],
    ["ERROR in the sound", { at: inSound, fault: { kind: "error", code: "SIS.0414" } }, "SIS.0414", 200 + wholeMs],
    ["a reset in the sound", { at: inSound, fault: "reset" }, "link-lost", 200 + wholeMs],
    ["a close in the sound", { at: inSound, fault: { kind: "close", code: 1011 } }, "link-lost", 200 + wholeMs],
    [
      "a stall before the sound",
      { at: beforeSound, fault: { kind: "stall", for_ms: 60_000 } },
      "link-timeout",
      wholeMs,
    ],
    ["a stall in the sound", { at: inSound, fault: { kind: "stall", for_ms: 60_000 } }, "link-timeout", 200 + wholeMs],
    ["a dead link", { at: inSound, fault: { kind: "half-open", for_ms: 60_000 } }, "link-timeout", 200 + wholeMs],
  ];
  for (const [what, fault, code, playedMs] of healed) {
    test(`${what} heals`, async () => {
      const told = await say(fault);
      assert.deepEqual(
        [told.outcome.result, told.codes, told.playedMs, told.attempts],
        ["spoken", [code], playedMs, 2],
      );
    });
  }

  test("what only a person can mend is given up at once", async () => {
    for (const [fault, code] of [
      [{ fault: { kind: "refuse", status: 403 } }, "APIGW.0302"],
      [{ fault: { kind: "error-on-start", code: "SIS.0411" } }, "SIS.0411"],
    ] as const) {
      const { outcome, codes, attempts } = await say(fault);
      assert.ok(outcome.result === "unspoken");
      assert.deepEqual([outcome.error.code, codes, attempts], [code, [code], 1]);
    }
  });

  test("a service that is asked to be left alone for long is left alone", async () => {
    const { outcome, attempts } = await say({ fault: { kind: "refuse", status: 429, retry_after: 60, times: 9 } });
    assert.ok(outcome.result === "unspoken");
    assert.deepEqual([outcome.error.class, attempts], ["throttled", 1]);
  });
});
