import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Report } from "../recognition/report.ts";
import { type Mark, type Measurement, metricsPayload, noTallies, tallied } from "./metrics.ts";
import type { DeliveryCounts } from "./publisher.ts";
import type { MetricsPayload } from "./schema-metrics.ts";

export interface MetricsDeskOptions {
  readonly measure: () => Measurement;
  readonly delivery: () => DeliveryCounts;
  readonly alarmsActive: () => number;
  readonly publish: (payload: MetricsPayload) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/** Tells once a minute what the minute was like. */
export interface MetricsDesk extends Disposable {
  report(report: Report): void;
  /** Tells now what has been since it was last told. */
  tell(): void;
}

const everyMs = 60_000;

export function openMetricsDesk(options: MetricsDeskOptions): MetricsDesk {
  const { measure, delivery, publish, clock, random } = options;
  const mark = (): Mark => ({ atMs: clock.monotonicMs(), measurement: measure(), delivery: delivery() });
  let last = mark();
  let tallies = noTallies;
  // Devices that were started together must not tell together.
  let timer = clock.after(everyMs * random(), turn);

  function turn(): void {
    timer = clock.after(everyMs, turn);
    tell();
  }

  function tell(): void {
    const now = mark();
    publish(metricsPayload(last, now, { ...tallies, alarmsActive: options.alarmsActive() }, clock.wallMs()));
    last = now;
    tallies = noTallies;
  }

  return {
    report(report) {
      tallies = tallied(tallies, report, clock.wallMs());
    },
    tell,
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  };
}
