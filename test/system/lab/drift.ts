import type { Listening } from "../../audio/listening.ts";

/**
 * How far a source falls behind the clock while it delivers so much sound, ms; negative: it runs ahead. A machine that is
 * held up now and then is no drift: of a fifth of the time at its beginning and at its end, the most punctual moments count.
 */
export async function driftMs(listening: Listening, sampleRate: number, forMs: number): Promise<number> {
  const from = listening.count;
  const moments: { readonly soundMs: number; readonly lateMs: number }[] = [];
  await listening.until(() => {
    const soundMs = ((listening.count - from) * 1000) / sampleRate;
    moments.push({ soundMs, lateMs: performance.now() - soundMs });
    return soundMs >= forMs;
  }, forMs + 30_000);
  const least = (fromMs: number, toMs: number) =>
    Math.min(...moments.filter(({ soundMs }) => soundMs >= fromMs && soundMs <= toMs).map((moment) => moment.lateMs));
  return least(forMs * 0.8, Infinity) - least(0, forMs * 0.2);
}
