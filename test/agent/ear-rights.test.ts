import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../../src/base/random.ts";
import type { Mode } from "../../src/sis/request.ts";
import { type Trouble, troubles } from "../lab/model-service.ts";
import { speech } from "../lab/service-lab.ts";
import { EarLab, tickMs } from "./lab/ear-lab.ts";
import type { EarOptions } from "./lab/ear-options.ts";
import { judge } from "./lab/judge.ts";

// Who may open the ear: the whole agent, over what people, the fleet, the power, the programs and the service do to it.

const key = fc.constantFrom("talk" as const, "mute" as const);
const ms = (...values: readonly number[]) => fc.constantFrom(...values);
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("hear" as const), ms: ms(60, 120, 300, 900, 2_400, 6_000) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("press" as const),
      key,
      ms: ms(60, 180, 900, 2_400, 3_060, 3_600, 4_800),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("move" as const), key, silently: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("command" as const),
      name: fc.constantFrom("mute", "unmute", "stop", "start", "say", "restart-session"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("outage" as const), ms: ms(1_000, 8_000, 25_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("deafen" as const), ms: ms(60, 3_000, 20_000) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("plug" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("panel-restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("stop" as const), ms: ms(0, 600, 6_000), key: fc.option(key) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("crash" as const), ms: ms(0, 600, 6_000) }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

async function carryOut(lab: EarLab, what: Action): Promise<void> {
  switch (what.do) {
    case "hear":
      return lab.pass(what.ms);
    case "press":
      lab.panel.move(what.key);
      await lab.pass(what.ms);
      return lab.panel.move(what.key);
    case "move":
      return lab.panel.move(what.key, what.silently);
    case "command":
      return lab.command(what.name);
    case "outage":
      return lab.outage(what.ms);
    case "deafen":
      return lab.deafen(what.ms);
    case "plug":
      return lab.panel.plug(!lab.panel.plugged);
    case "panel-restart":
      return lab.panel.restart();
    case "drop":
      return lab.broker.drop();
    case "stop":
      return lab.stop(what.ms, () => what.key !== null && lab.panel.move(what.key));
    case "crash":
      return lab.crash(what.ms);
  }
}

/** All is well again, and somebody wants to be heard; then all is recognised. */
async function heal(lab: EarLab, gate: EarOptions["gate"]): Promise<void> {
  const { panel, rights } = lab;
  lab.downUntilMs = 0;
  lab.deafUntilMs = 0;
  panel.plug(true);
  await lab.pass(12_000);
  assert.ok(panel.isHeard, "the panel is found");
  for (const each of ["mute", "talk"] as const) if (panel.isDown(each)) lab.panel.move(each);
  await lab.pass(12_000);
  if (rights.mutedBy !== null) await carryOut(lab, { do: "press", key: "mute", ms: 180 });
  if (rights.stopped) lab.command("start");
  await lab.pass(12_000);
  assert.equal(rights.silent, false);
  if (gate === "button") lab.panel.move("talk");
  const fromMs = lab.roomMs;
  await lab.pass(20_000);
  lab.told.check();
  const heard = rights.must.filter(({ toMs }) => toMs > fromMs).reduce((sum, each) => sum + each.toMs - each.fromMs, 0);
  assert.ok(heard > (gate === "speech" ? 0 : 19_000), `${heard} ms are heard again`);
  if (gate === "button") lab.panel.move("talk");
  await lab.pass(2_000);
  lab.panel.move("mute");
  for (let calm = 0; calm < 3; calm = lab.isDone ? calm + 1 : 0) {
    assert.ok(lab.roomMs < fromMs + 900_000, "all is recognised some time");
    await lab.pass(2_000);
  }
  lab.panel.move("mute");
  lab.told.check();
  await lab.stop(0);
}

// Speech that comes back without words, or unreadable, three times is given up; that has tests of its own.
const patience = (plan: readonly Trouble[]) =>
  (["no-result", "garbage"] as const).every((what) => plan.filter((trouble) => trouble === what).length <= 2);

const situation = fc.record({
  seed: fc.string(),
  mode: fc.constantFrom<Mode>("continuous", "continuous", "sentence", "short"),
  gate: fc.constantFrom("always" as const, "speech" as const, "button" as const),
  disk: fc.constantFrom("off" as const, "outage" as const, "always" as const),
  memorySeconds: fc.constantFrom(10, 20, 120),
  bargeIn: fc.boolean(),
  pieceTicks: fc.constantFrom(1, 2),
  cardMs: fc.constantFrom(0, 0, 30),
  plan: fc.array(fc.constantFrom(...troubles), { maxLength: 6 }).filter(patience),
  speed: fc.constantFrom(Number.POSITIVE_INFINITY, 2),
  pauseMs: fc.constantFrom(900, 1_500, 6_000),
  actions: fc.array(action, { maxLength: 20, size: "max" }),
});

type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

async function livedThrough({ pauseMs, actions, ...rest }: Situation): Promise<void> {
  const words = speech(300, seededRandom(`words of ${rest.seed}`), pauseMs);
  const patient = actions.every((each) => each.do !== "stop");
  const plan = rest.plan.filter(
    (trouble) =>
      (patient || trouble !== "late-result") &&
      // An END without a result is an answer in sentence mode: half a second has been judged, words or not.
      (rest.mode !== "sentence" || trouble !== "unasked-end"),
  );
  const options = { ...rest, plan, words };
  using lab = new EarLab(options);
  await lab.pass(3 * tickMs);
  for (const each of actions) {
    await carryOut(lab, each);
    const now = lab.roomMs;
    await lab.pass(5 * tickMs);
    assert.ok(lab.roomMs > now);
    lab.told.check();
  }
  await heal(lab, rest.gate);
  judge(lab, words);
}

test("whoever mutes, stops, talks or pulls the plug: what may be heard is recognised, and nothing else leaves the room", async () => {
  await fc.assert(fc.asyncProperty(situation, livedThrough), {
    numRuns: Number(process.env["RUNS"] ?? 30),
    ...(process.env["SEED"] === undefined ? {} : { seed: Number(process.env["SEED"]) }),
    ...(process.env["FCPATH"] === undefined ? {} : { path: process.env["FCPATH"], endOnFailure: true }),
  });
});

const plain: Omit<Situation, "actions"> = {
  seed: "plain",
  mode: "continuous",
  gate: "always",
  disk: "always",
  memorySeconds: 20,
  bargeIn: false,
  pieceTicks: 1,
  cardMs: 0,
  plan: [],
  speed: Number.POSITIVE_INFINITY,
  pauseMs: 900,
};
const talk: Action = { do: "press", key: "talk", ms: 900 };
const stories: readonly (readonly [string, Partial<Situation>, readonly Action[]])[] = [
  ["who mutes a device that is just stopping finds it muted", { cardMs: 30 }, [{ do: "stop", ms: 600, key: "mute" }]],
  [
    "a device that is stopped while it speaks does not hear its own echo",
    {},
    [
      { do: "command", name: "say" },
      { do: "hear", ms: 300 },
      { do: "stop", ms: 600, key: null },
    ],
  ],
  [
    "a long press does not unmute, whenever it ends",
    {},
    [
      { do: "press", key: "mute", ms: 180 },
      ...[3_060, 3_240, 3_420, 3_600, 3_780, 3_960].map((ms): Action => ({ do: "press", key: "mute", ms })),
    ],
  ],
  ["the talk key sends half a second before it, and no more", { gate: "button" }, [{ do: "hear", ms: 3_000 }, talk]],
  [
    "what was said before the microphone was pulled out is not the beginning of what is said minutes later",
    { gate: "button" },
    [{ do: "hear", ms: 3_000 }, { do: "deafen", ms: 20_000 }, { do: "hear", ms: 12_000 }, talk, talk],
  ],
  [
    "a panel that is pulled out lets go of the talk key",
    { gate: "button" },
    [{ do: "move", key: "talk", silently: false }, { do: "hear", ms: 900 }, { do: "plug" }, { do: "hear", ms: 6_000 }],
  ],
];
for (const [what, situated, actions] of stories)
  test(what, () => livedThrough({ ...plain, ...situated, actions: [...actions] }));
