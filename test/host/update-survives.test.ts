import { test } from "node:test";
import fc from "fast-check";
import { kinds } from "./lab/release-shelf.ts";
import { type Mishap, type Step, World } from "./lab/update-world.ts";

// A device that nobody can walk up to, over its updates: the power is cut at any of their operations, and what was not
// synced is lost or torn; they are killed, the disk gets full, two of them run at once.

const attempt = {
  version: fc.constantFrom("1.0.0", "1.1.0", "1.1.1", "1.2.0-rc.1", "1.2.0", "2.0.0", "0.9.0"),
  kind: fc.constantFrom(...kinds),
  allowOlder: fc.boolean(),
};
const mishaps = ["cut", "cut", "kill", "full", "no-names"] as const;
const share = fc.constantFrom(0, 0.5, 0.9, 1);
const mishap: fc.Arbitrary<Mishap> = fc.record({
  at: fc.integer({ min: 1, max: 55 }),
  keeps: share,
  what: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...mishaps) },
    { weight: 1, arbitrary: fc.record(attempt) },
    { weight: 1, arbitrary: fc.constant("settle" as const) },
  ),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 7, arbitrary: fc.record({ do: fc.constant("update" as const), ...attempt, mishap: fc.option(mishap) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("settle" as const), mishap: fc.option(mishap) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reboot" as const), keeps: share }) },
);

/** Lives through all this, and then through better times. */
async function livedThrough(steps: readonly Step[]): Promise<void> {
  using world = new World();
  for (const each of steps) await world.run(each);
  await world.heal();
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

test("the first release is still there after a power cut: the folder that holds all of it is synced, too", () =>
  livedThrough([
    { do: "update", version: "1.0.0", kind: "good", allowOlder: false, mishap: null },
    { do: "reboot", keeps: 0 },
  ]));

test("killed as its trial ends, and the power cut once the next update has removed what it came after: no link leads there", async () => {
  // The end of a trial, and what comes right after the removal: a few operations before and behind them.
  for (const at of range(39, 48))
    for (const cutAt of [25, 28, 31])
      await livedThrough([
        { do: "update", version: "1.0.0", kind: "good", allowOlder: false, mishap: null },
        { do: "update", version: "1.1.0", kind: "good", allowOlder: false, mishap: null },
        { do: "update", version: "1.2.0", kind: "good", allowOlder: false, mishap: { at, keeps: 0, what: "kill" } },
        {
          do: "update",
          version: "2.0.0",
          kind: "good",
          allowOlder: false,
          mishap: { at: cutAt, keeps: 0, what: "cut" },
        },
      ]);
});

test("whatever comes between: what the service starts is a whole release that was vouched for, and one that runs comes back", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 9 }), livedThrough), {
    numRuns: Number(process.env["RUNS"] ?? 60),
    ...(process.env["SEED"] === undefined ? {} : { seed: Number(process.env["SEED"]) }),
    ...(process.env["FCPATH"] === undefined ? {} : { path: process.env["FCPATH"], endOnFailure: true }),
  });
});
