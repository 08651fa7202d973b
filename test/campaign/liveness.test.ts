import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Liveness } from "../../scripts/campaigning/liveness.ts";
import { numberWord, plainNumbers } from "../../src/simulator/numbers.ts";

const shape = plainNumbers(16_000);
const lagMs = 600;

/** What the service would show at `atMs`, which is the room's time as well; sessions as [began with the sound of, is at, number]. */
interface Moment {
  readonly session: number | null;
  /** The sound that it was sent: from there … */
  readonly fromMs: number;
  /** … to there. */
  readonly toMs: number;
  /** The last word that it has told. */
  readonly word?: number;
}

/** Looks every 100 ms. */
function watch(untilMs: number, at: (ms: number) => Moment, heardUntil = (ms: number) => ms): Liveness {
  const liveness = new Liveness(shape, lagMs);
  const results: { session: number; text: string; start_ms: number; end_ms: number }[] = [];
  for (let ms = 100; ms <= untilMs; ms += 100) {
    const { session, fromMs, toMs, word } = at(ms);
    if (word !== undefined && session !== null) {
      const { text, startMs, endMs } = numberWord(word, shape);
      results.push({ session, text, start_ms: startMs - fromMs, end_ms: endMs - fromMs });
    }
    const last = session === null ? [] : [{ number: session, ended: null, audio_ms: toMs - fromMs }];
    // Only these fields are looked at.
    const state = { sessions: { starts: 0, opened: 0, last }, results } as unknown as Parameters<Liveness["look"]>[0];
    liveness.look(state, [{ from: 0, to: heardUntil(ms) }], ms, ms);
  }
  return liveness;
}

/** The last word that is over, and told, when sound up to `toMs` has been sent. */
const toldBy = (toMs: number) => {
  const word = Math.floor((toMs - 860 - shape.firstAtMs) / shape.everyMs) + 1;
  return word < 1 ? {} : { word };
};
const live = (session: number, fromMs: number) => (ms: number) => ({ session, fromMs, toMs: ms, ...toldBy(ms) });

suite("sound flows live", () => {
  test("not before the service has shown where it is", () => {
    assert.equal(watch(1000, live(1, 0)).liveFrom(0), null);
    assert.equal(watch(5000, live(1, 0)).liveFrom(0), 100);
    assert.equal(watch(5000, live(1, 0)).liveFrom(2000), 2000);
  });

  test("from when a backlog is caught up with, not from when a session begins", () => {
    const caughtUp = watch(20_000, (ms) => {
      if (ms < 5000) return live(1, 0)(ms);
      if (ms < 8000) return { session: null, fromMs: 0, toMs: 0 };
      // Three times as fast as it is said, from 4 s on.
      const toMs = Math.min(ms, 4000 + (ms - 8000) * 3);
      return { session: 2, fromMs: 4000, toMs, ...(toMs > 6000 ? toldBy(toMs) : {}) };
    });
    const liveMs = caughtUp.liveFrom(5000) ?? 0;
    assert.ok(liveMs >= 9600 && liveMs <= 10_100, `${liveMs}`);
  });

  test("not while a session is open that gets nothing", () => {
    const stuck = watch(20_000, (ms) => (ms < 5000 ? live(1, 0)(ms) : { session: 1, fromMs: 0, toMs: 5000 }));
    assert.equal(stuck.liveFrom(6000), null);
    assert.equal(stuck.wellForMs(), 0);
  });

  test("not while the recorder is away", () => {
    const away = watch(20_000, live(1, 0), (ms) => Math.min(ms, 10_000));
    assert.equal(away.liveFrom(10_500), null);
  });

  test("for how long without a break", () => {
    assert.ok(watch(20_000, live(1, 0)).wellForMs() > 15_000);
  });
});
