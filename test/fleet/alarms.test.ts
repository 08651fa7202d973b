import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AlarmState, alarmPolicy } from "../../src/fleet/alarm-machine.ts";
import {
  type AlarmChange,
  type AlarmEvent,
  type Alarms,
  activeAlarms,
  quietAlarms,
  resumeAlarm,
  stepAlarms,
} from "../../src/fleet/alarms.ts";
import { type AlarmType, alarmTypes } from "../../src/fleet/schema.ts";
import { type Origin, origins, type Symptom } from "../../src/fleet/symptom.ts";
import { symptomOf } from "./samples.ts";

const startWallMs = Date.UTC(2026, 0, 1);
/** Whole ms: a deadline that comes back as seconds must not be missed by a rounding error. */
const at = (seconds: number) => {
  const monotonicMs = Math.round(seconds * 1_000);
  return { monotonicMs, wallMs: startWallMs + monotonicMs };
};
const trouble = (change: Partial<Symptom> = {}): AlarmEvent => ({ type: "trouble", symptom: symptomOf(change) });
const well = (origin: Origin = "service"): AlarmEvent => ({ type: "well", origin });

interface Told {
  readonly atSeconds: number;
  readonly change: AlarmChange["change"];
  readonly alarm: AlarmChange["alarm"];
}

/** Plays a script of events at their seconds, with every tick at its deadline; time ends at `endSeconds`. */
function played(script: readonly (readonly [number, AlarmEvent])[], endSeconds: number, start = quietAlarms("boot")) {
  let alarms: Alarms = start;
  const told: Told[] = [];
  const step = (seconds: number, event: AlarmEvent): number | null => {
    const { next, changes, deadlineMs } = stepAlarms(alarms, event, at(seconds));
    alarms = next;
    told.push(...changes.map(({ change, alarm }) => ({ atSeconds: seconds, change, alarm })));
    return deadlineMs === null ? null : deadlineMs / 1_000;
  };
  let deadline = step(0, { type: "tick" });
  for (const [seconds, event] of [...script, [endSeconds, { type: "tick" }] as const]) {
    while (deadline !== null && deadline < seconds) deadline = step(deadline, { type: "tick" });
    deadline = step(seconds, event);
  }
  return { alarms, told, deadline };
}

const brief = ({ atSeconds, change, alarm }: Told) => `${atSeconds} ${change} ${alarm.type} ${alarm.count}`;
const story = (script: readonly (readonly [number, AlarmEvent])[], endSeconds: number) =>
  played(script, endSeconds).told.map(brief);

const atOnce = { debounceMs: 0 };
const gap = { alarm: "audio-loss", origin: "audio", debounceMs: 0, lasting: false } as const;
const overrun = { alarm: "capture", origin: "recorder", lasting: false } as const;
const unplugged = { alarm: "capture", origin: "recorder" } as const;

// One state × one event → the phase after it. `active` and `recovering` are of an alarm raised at 2 s.
const ways: Readonly<Record<AlarmState["phase"], readonly (readonly [number, AlarmEvent])[]>> = {
  quiet: [],
  suspect: [[0, trouble()]],
  doubtful: [
    [0, trouble()],
    [1, well()],
  ],
  active: [
    [0, trouble()],
    [2, { type: "tick" }],
  ],
  recovering: [
    [0, trouble()],
    [2, { type: "tick" }],
    [3, well()],
  ],
};
const table: readonly (readonly [AlarmState["phase"], string, number, AlarmEvent, AlarmState["phase"]])[] = [
  ["quiet", "trouble", 0, trouble(), "suspect"],
  ["quiet", "trouble without debounce", 0, trouble(atOnce), "active"],
  ["quiet", "trouble that is over", 0, trouble({ lasting: false }), "doubtful"],
  ["quiet", "trouble that is over, without debounce", 0, trouble({ lasting: false, debounceMs: 0 }), "recovering"],
  ["quiet", "well", 0, well(), "quiet"],
  ["quiet", "tick", 1_000, { type: "tick" }, "quiet"],
  ["suspect", "trouble", 1, trouble(), "suspect"],
  ["suspect", "trouble without debounce", 1, trouble(atOnce), "active"],
  ["suspect", "well", 1, well(), "doubtful"],
  ["suspect", "another side well", 1, well("recorder"), "suspect"],
  ["suspect", "tick before the debounce", 1.999, { type: "tick" }, "suspect"],
  ["suspect", "tick after the debounce", 2, { type: "tick" }, "active"],
  ["suspect", "well after the debounce", 2, well(), "recovering"],
  ["doubtful", "trouble", 1.5, trouble(), "suspect"],
  ["doubtful", "trouble after the debounce", 2, trouble(), "active"],
  ["doubtful", "well", 2, well(), "doubtful"],
  ["doubtful", "tick before it stayed well", 4.9, { type: "tick" }, "doubtful"],
  ["doubtful", "tick after it stayed well", 5, { type: "tick" }, "quiet"],
  ["active", "trouble", 3, trouble(), "active"],
  ["active", "well", 3, well(), "recovering"],
  ["active", "another side well", 3, well("broker"), "active"],
  ["active", "tick", 3_000, { type: "tick" }, "active"],
  ["recovering", "trouble", 4, trouble(), "active"],
  ["recovering", "trouble that is over", 4, trouble({ lasting: false }), "recovering"],
  ["recovering", "well", 4, well(), "recovering"],
  ["recovering", "tick before it stayed well", 6.9, { type: "tick" }, "recovering"],
  ["recovering", "tick after it stayed well", 7, { type: "tick" }, "quiet"],
];
for (const [from, name, seconds, event, to] of table) {
  test(`${from}, ${name} → ${to}`, () => {
    const before = ways[from].reduce(
      (alarms, [when, what]) => stepAlarms(alarms, what, at(when)).next,
      quietAlarms("b"),
    );
    assert.equal(before.states.service.phase, from);
    assert.equal(stepAlarms(before, event, at(seconds)).next.states.service.phase, to);
  });
}

test("one ERROR that the next session heals is no alarm", () => {
  assert.deepEqual(
    story(
      [
        [8, trouble()],
        [9.5, well()],
      ],
      60,
    ),
    [],
  );
});

test("an ERROR, then an outage of some seconds: one alarm, cleared within 5 s of the recovery", () => {
  const script = [
    [8, trouble()],
    [8.7, well()],
    [14, trouble()],
    [14.5, trouble()],
    [15.5, trouble()],
    [17, trouble()],
    [19, well()],
  ] as const;
  assert.deepEqual(story(script, 30), ["16 raised service 3", "23 cleared service 4"]);
});

test("sessions that start and break at once, again and again, are an alarm", () => {
  const script = [0, 1, 2, 3, 4, 5].flatMap(
    (second) =>
      [
        [second, trouble()],
        [second + 0.4, well()],
      ] as const,
  );
  assert.deepEqual(story(script, 5.5), ["2 raised service 3"]);
});

test("an account's or a config's trouble is an alarm at once", () => {
  assert.deepEqual(story([[1, trouble({ alarm: "account", ...atOnce })]], 2), ["1 raised account 1"]);
});

test("lost sound is an alarm at once, cleared a minute after the last loss", () => {
  assert.deepEqual(
    story(
      [
        [1, trouble(gap)],
        [31, trouble(gap)],
      ],
      200,
    ),
    ["1 raised audio-loss 1", "61 updated audio-loss 2", "91 cleared audio-loss 2"],
  );
});

test("one overrun is no alarm, another soon after is", () => {
  assert.deepEqual(
    story(
      [
        [1, trouble(overrun)],
        [30, trouble(overrun)],
      ],
      60,
    ),
    [],
  );
  assert.deepEqual(
    story(
      [
        [1, trouble(overrun)],
        [3, trouble(overrun)],
      ],
      60,
    ),
    ["3 raised capture 2", "7 cleared capture 2"],
  );
});

test("capture's alarm needs sound again, not a session; the service's a session, not sound", () => {
  const script = [
    [0, trouble(unplugged)],
    [3, well("service")],
    [10, well("recorder")],
  ] as const;
  assert.deepEqual(story(script, 20), ["2 raised capture 1", "14 cleared capture 1"]);
});

test("two sides in trouble: both must be well", () => {
  const silence = { alarm: "capture", origin: "service" } as const;
  const script = [
    [0, trouble(unplugged)],
    [1, trouble(silence)],
    [5, well("recorder")],
    [9, well("service")],
  ] as const;
  assert.deepEqual(story(script, 20), ["2 raised capture 2", "13 cleared capture 2"]);
});

test("the count is told at most once a minute, however fast trouble comes, and not at all when nothing comes", () => {
  const script = Array.from({ length: 150 }, (_, second) => [second, trouble()] as const);
  assert.deepEqual(story(script, 1_000), [
    "2 raised service 2",
    "62 updated service 62",
    "122 updated service 122",
    "182 updated service 150",
  ]);
});

test("what comes and goes four times in ten minutes is flapping; ten minutes later it is not", () => {
  const outage = (second: number) =>
    [
      [second, trouble()],
      [second + 3, well()],
    ] as const;
  const { told } = played([0, 100, 200, 300, 2_000].flatMap(outage), 3_000);
  const flapping = told.map(({ change, alarm }) => `${change} ${alarm.flapping}`);
  assert.deepEqual(flapping, [
    ...["raised false", "cleared false", "raised false", "cleared false", "raised false", "cleared false"],
    ...["raised true", "cleared true", "raised false", "cleared false"],
  ]);
});

test("an alarm has one id from raise to clear, another the next time, none the same across boots", () => {
  const script = [
    [0, trouble()],
    [10, well()],
    [20, trouble()],
  ] as const;
  const ids = played(script, 30).told.map(({ alarm }) => alarm.id);
  assert.deepEqual(ids, ["boot-1", "boot-1", "boot-2"]);
});

test("the alarm tells the latest diagnosis", () => {
  const script = [
    [0, trouble({ code: "SIS.0303" })],
    [1, trouble({ code: "link-lost" })],
  ] as const;
  assert.equal(played(script, 3).told[0]?.alarm.symptom.code, "link-lost");
});

test("an alarm from before a restart is active with its id and count, and is cleared when its side is well", () => {
  const before = played([[0, trouble()]], 3).alarms;
  const resumed = activeAlarms(before, at(3)).reduce(
    (all, alarm) => resumeAlarm(all, alarm, at(0)),
    quietAlarms("next"),
  );
  assert.deepEqual(activeAlarms(resumed, at(0)), activeAlarms(before, at(3)));
  const { told } = played([[10, well()]], 20, resumed);
  assert.deepEqual(
    told.map((one) => `${brief(one)} ${one.alarm.id}`),
    ["14 cleared service 1 boot-1"],
  );
});

test("lost sound from before a restart is cleared by time alone", () => {
  const before = played([[0, trouble(gap)]], 1).alarms;
  const resumed = activeAlarms(before, at(1)).reduce(
    (all, alarm) => resumeAlarm(all, alarm, at(0)),
    quietAlarms("next"),
  );
  assert.deepEqual(played([], 100, resumed).told.map(brief), ["60 cleared audio-loss 1"]);
});

const anEvent = fc.oneof(
  fc.record({ origin: fc.constantFrom(...origins) }).map(({ origin }) => well(origin)),
  fc
    .record({
      alarm: fc.constantFrom<AlarmType>("service", "capture", "config", "audio-loss"),
      origin: fc.constantFrom(...origins),
      debounceMs: fc.constantFrom(0, 2_000, 5_000),
      lasting: fc.boolean(),
    })
    .map(trouble),
  fc.constant<AlarmEvent>({ type: "tick" }),
);

test("whatever happens: raised once until cleared, counts right, times in order, updates rare, no clear too early", () => {
  const scripts = fc.array(fc.tuple(fc.integer({ min: 0, max: 90_000 }), anEvent), { maxLength: 60 });
  fc.assert(
    fc.property(scripts, (script) => {
      let seconds = 0;
      const timed = script.map(([afterMs, event]) => [(seconds = (seconds * 1_000 + afterMs) / 1_000), event] as const);
      const { told, alarms } = played(timed, seconds + 10_000);
      for (const type of alarmTypes) {
        const mine = told.filter(({ alarm }) => alarm.type === type);
        const sightings = timed.flatMap(([when, event]) =>
          event.type === "trouble" && event.symptom.alarm === type ? [when] : [],
        );
        let open: Told | null = null;
        let toldAt = Number.NEGATIVE_INFINITY;
        for (const one of mine) {
          const { alarm, change, atSeconds } = one;
          assert.equal(change === "raised", open === null, "raised when it was not, told otherwise when it was");
          if (open !== null) assert.deepEqual([alarm.id, alarm.firstMs], [open.alarm.id, open.alarm.firstMs]);
          assert.equal(alarm.status, change === "cleared" ? "cleared" : "active");
          assert.ok(alarm.firstMs <= alarm.lastMs);
          // What comes at the very moment of a deadline counts after it.
          const since = sightings.filter((when) => startWallMs + when * 1_000 >= alarm.firstMs - 1e-3);
          assert.ok(alarm.count >= since.filter((when) => when < atSeconds - 1e-6).length, "counts every sighting");
          assert.ok(alarm.count <= since.filter((when) => when <= atSeconds + 1e-6).length, "counts none twice");
          if (change === "updated") assert.ok(atSeconds - toldAt >= 60 - 1e-6, "told at most once a minute");
          if (change === "cleared") {
            const calmSeconds = atSeconds - (sightings.findLast((when) => when < atSeconds) ?? 0);
            assert.ok(
              calmSeconds >= alarmPolicy[type].clearAfterMs / 1_000 - 1e-6,
              "not cleared before it stayed well",
            );
          }
          open = change === "cleared" ? null : one;
          toldAt = atSeconds;
        }
        const { phase } = alarms.states[type];
        assert.equal(open !== null, phase === "active" || phase === "recovering");
      }
    }),
    { numRuns: 500 },
  );
});

test("what another alarm says already is no alarm while that one is active; before it is, it is one", () => {
  const capture = trouble({ alarm: "capture", origin: "recorder", debounceMs: 2_000 });
  const missed = trouble({ alarm: "audio-loss", origin: "audio", debounceMs: 0, lasting: false, unless: "capture" });
  const raisedBy = (script: readonly (readonly [number, AlarmEvent])[]) =>
    played(script, 20)
      .told.filter(({ change }) => change === "raised")
      .map(({ alarm }) => alarm.type);
  assert.deepEqual(
    raisedBy([
      [0, capture],
      [5, missed],
    ]),
    ["capture"],
  );
  assert.deepEqual(
    raisedBy([
      [0, capture],
      [5, well("recorder")],
      [6, missed],
    ]),
    ["capture"],
  );
  assert.deepEqual(
    raisedBy([
      [0, capture],
      [1, missed],
      [1.1, well("recorder")],
    ]),
    ["audio-loss"],
  );
  assert.deepEqual(raisedBy([[0, missed]]), ["audio-loss"]);
});

test("a symptom may be worse than its type", () => {
  const [told] = played([[0, trouble({ ...atOnce, severity: "warning" })]], 1).told;
  assert.equal(told?.alarm.severity, "warning");
});

test("a clock that was ahead, and is set right, leaves no time in the future", () => {
  const seen = (alarms: Alarms, seconds: number, wallMs: number) =>
    stepAlarms(alarms, trouble(atOnce), { monotonicMs: seconds * 1_000, wallMs }).next;
  const ahead = seen(quietAlarms("boot"), 0, Date.UTC(2035, 0, 1));
  const now = { monotonicMs: 10_000, wallMs: startWallMs };
  const [alarm] = activeAlarms(seen(ahead, 10, startWallMs), now);
  assert.deepEqual([alarm?.firstMs, alarm?.lastMs, alarm?.count], [startWallMs, startWallMs, 2]);
});
