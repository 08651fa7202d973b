/** What the benchmark tells a process of devices, and what that tells back. */
export type Order =
  | {
      readonly do: "start";
      readonly url: string;
      readonly from: number;
      readonly count: number;
      readonly overMs: number;
    }
  /** Some devices raise an alarm with the time of day as its code, and clear it a little later. */
  | { readonly do: "alarms"; readonly perSecond: number; readonly seconds: number }
  /** Every device loses the service at once. */
  | { readonly do: "storm" }
  | { readonly do: "recover" }
  | { readonly do: "stop" };

/** Told every second. */
export interface Tally {
  readonly connected: number;
  /** Of all messages given to a connection: acknowledged by the broker. */
  readonly delivered: number;
  readonly waiting: number;
  /** Tries to connect since the start, by the second (wall clock). */
  readonly attempts: readonly (readonly [second: number, count: number])[];
}
