import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { interpret } from "../../src/config/interpret.ts";
import { type Key, keys } from "../../src/config/keys.ts";
import { withRemote } from "../../src/config/remote.ts";
import { type Step, World } from "./lab/settings-world.ts";

// Settings set from afar, on a device that nobody can walk up to: good, bad and unknown ones, over restarts, power cuts in
// the middle of what is written, and changes of the device's own file.

const runs = {
  numRuns: Number(process.env["RUNS"] ?? 70),
  ...(process.env["SEED"] === undefined ? {} : { seed: Number(process.env["SEED"]) }),
  ...(process.env["FCPATH"] === undefined ? {} : { path: process.env["FCPATH"], endOnFailure: true }),
};

const remote = keys.filter((key) => key.remote);
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    "",
    "yes",
    true,
    0,
    -1,
    1.5,
    300,
    1e300,
    99_999,
    "chinese_8k_common",
    "sentence",
    "debug",
    null,
    [],
    {},
  ),
  fc.constantFrom("x".repeat(1_000), "x".repeat(1_001), "é".repeat(999)),
  fc.string({ unit: "binary", maxLength: 40 }),
);
const path = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...remote.map((key) => key.path)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...keys.map((key) => key.path), "sis", "constructor", "__proto__", "sis.vad_tial"),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", "x".repeat(128), "y".repeat(129), "\u0000", "a.b", "\u{1f600}".repeat(64)),
  },
);
const good = fc.constantFrom<Readonly<Record<string, unknown>>>(
  {},
  { "sis.vad_tail": 300 },
  { "sis.vad_tail": 400, log_level: "debug" },
  { log_level: "warn" },
  { "buffer.catch_up_rate": 2 },
  { "sis.mode": "sentence" },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("desire" as const), settings: good, text: fc.constant(null) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("desire" as const),
      settings: fc.dictionary(path, odd, { maxKeys: 4 }),
      text: fc.constant(null),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("desire" as const),
      settings: fc.constant({}),
      text: fc.oneof(
        fc.constantFrom(
          "",
          "{",
          "null",
          "[]",
          '{"v":2}',
          '{"v":1,"ts":"x","settings":{}}',
          "x".repeat(65_000),
          "\ufeff{}",
        ),
        fc.string({ unit: "binary" }),
        fc.json(),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "again" as const }) },
  { weight: 3, arbitrary: fc.constant({ do: "session" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("error" as const), class: fc.constantFrom("config", "network") }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(500, 5_000, 61_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("resist" as const), how: fc.constantFrom("fails", "slow", null) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("stop" as const), own: fc.constantFrom(0, 0, 1, 2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("disk" as const),
      trap: fc.option(
        fc.record({ at: fc.integer({ min: 1, max: 14 }), what: fc.constantFrom("cut", "full", "no-names") }),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("cut" as const),
      keeps: fc.constantFrom(0, 0.5, 1),
      own: fc.constantFrom(0, 0, 0, 1, 2),
    }),
  },
);

async function livedThrough(steps: readonly Step[]): Promise<void> {
  using world = new World();
  for (const each of steps) await world.run(each);
  await world.heal();
}

test("the first settings last over a power cut, in a folder that the agent has made itself", () => livedThrough([]));

test("whatever is desired, and whenever the power goes: the agent starts, on the last settings that proved good", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 20 }), livedThrough), runs);
});

function tomlOf(key: Key, value: unknown): string {
  const line = `${key.name} = ${typeof value === "string" ? JSON.stringify(value) : String(value)}\n`;
  const sis = `[sis]\nendpoint = "ws://127.0.0.1:1"\nproject_id = "p"\n${key.table === "sis" ? line : ""}`;
  const other = key.table === "sis" || key.table === "" ? "" : `[${key.table}]\n${line}`;
  return `device_id = "d"\n${key.table === "" ? line : ""}${sis}${other}[mqtt]\nurl = "mqtt://127.0.0.1"\n`;
}

const read = (toml: string) => interpret({ file: "/a.toml", toml, environment: {}, machineId: null });

test("what is wrong with a setting from afar is told in the words of config check", () => {
  const own = read(tomlOf({ ...(remote[0] ?? assert.fail()), name: "vad_tail", table: "sis" }, 500)).settings;
  assert.ok(own !== null);
  const value = fc.oneof(
    fc.constantFrom<string | number | boolean>("", "yes", true, -1, 1.5, 99_999, "chinese_8k_common", "sentense"),
    fc.string({ maxLength: 400, size: "max" }).filter((text) => !/[\u007f-\u009f]/.test(text)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...remote), value, (key, wanted) => {
      const found = withRemote(own, { [key.path]: wanted });
      const local = read(tomlOf(key, wanted)).problems.map(({ key: of, message }) => ({ key: of, message }));
      assert.deepEqual(
        "problems" in found ? found.problems.map(({ key: of, message }) => ({ key: of, message })) : [],
        local,
      );
    }),
    runs,
  );
});
