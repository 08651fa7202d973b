import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/base/fault.ts";
import { FaultPlan } from "../../src/simulator/fault-plan.ts";
import { type FaultEntry, faultKinds, parseFaults } from "../../src/simulator/faults.ts";

function refusal(value: unknown): string {
  try {
    parseFaults(value);
  } catch (error) {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, "config-invalid");
    return error.message;
  }
  return assert.fail("was accepted");
}

const plan = (...entries: readonly FaultEntry[]) => {
  const made = new FaultPlan();
  for (const entry of entries) for (const planned of parseFaults(entry)) made.add(planned, 0);
  return made;
};

suite("a list of faults", () => {
  test("every kind can be had by its name alone", () => {
    for (const kind of faultKinds) {
      assert.equal(parseFaults({ at: { session: 1 }, fault: kind })[0]?.fault.kind, kind);
      assert.equal(parseFaults([{ fault: { kind } }])[0]?.fault.kind, kind);
    }
  });

  test("the documentation lists every kind, in this order, and no other", () => {
    const page = readFileSync(new URL("../../docs/simulator.md", import.meta.url), "utf8");
    const [, table = ""] = page.split("| kind | fields");
    assert.deepEqual(
      [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, kind]) => kind),
      faultKinds,
    );
  });

  test("the entry that is wrong is named, and what is allowed", () => {
    const fine = { at: { audio_ms: 0 }, fault: "reset" };
    assert.match(refusal([fine, { fault: { kind: "explode" } }]), /^faults\[1\]\.fault\.kind: allowed are error, /);
    assert.match(refusal([fine, fine, { fault: "explode" }]), /^faults\[2\]\.fault\.kind: allowed are error, /);
    assert.match(
      refusal({ at: { minutes: 3 }, fault: "reset" }),
      /\.at: .*audio_ms, wall_ms, session, connection.*"minutes":3/,
    );
    assert.match(refusal({ at: { audio_ms: 1, session: 2 }, fault: "reset" }), /\.at: /);
    assert.match(refusal({ at: { session: 0 }, fault: "reset" }), /\.at\.session: /);
    assert.match(refusal({ fault: { kind: "reset", after: 1 } }), /\.fault: after is not known; allowed are kind$/);
    assert.match(refusal({ fault: { kind: "close", code: 1004 } }), /\.fault\.code: 1000, 1001/);
    assert.match(refusal({ fault: { kind: "error", code: "0302" } }), /\.fault\.code: .*SIS\.0302/);
    assert.match(refusal({ fault: { kind: "refuse", status: 200 } }), /\.fault\.status: /);
    assert.match(refusal({ fault: { kind: "refuse", times: 2, for_ms: 5 } }), /times or for_ms, not both/);
    assert.match(refusal({ when: 1, fault: "reset" }), /when is not known; allowed are at, service, fault/);
    assert.match(refusal({ at: { session: 1 } }), /^faults\[0\]\.fault/);
    assert.match(refusal("reset"), /^faults\[0\]/);
    for (const none of [{ kind: "reset" }, "reset", 7, null, { fault: 7 }, { at: { session: 1 } }])
      assert.match(refusal([none]), /an entry is \{"at": …, "fault": …\}.*audio_ms.*Kinds are error, .*clock-off$/);
    assert.match(refusal(Array.from({ length: 10_001 }, () => fine)), /too many/);
  });

  test("whatever it holds, it is taken or refused in bounded, printable words", () => {
    const piece = fc.oneof(
      fc.anything(),
      fc.constantFrom(...faultKinds),
      fc.record(
        {
          kind: fc.oneof(fc.constantFrom(...faultKinds), fc.string()),
          code: fc.anything(),
          for_ms: fc.oneof(fc.integer(), fc.anything()),
          times: fc.anything(),
          "x\u001b": fc.anything(),
        },
        { requiredKeys: ["kind"] },
      ),
    );
    const moment = fc.oneof(
      fc.anything(),
      fc.dictionary(fc.constantFrom("audio_ms", "wall_ms", "session"), fc.oneof(fc.nat(), fc.anything())),
    );
    const entry = fc.oneof(fc.anything(), fc.record({ at: moment, fault: piece }, { requiredKeys: [] }));
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(entry, fc.array(entry, { maxLength: 4 })), (value) => {
        try {
          taken += parseFaults(value).length;
        } catch (error) {
          assert.ok(error instanceof Fault && error.code === "config-invalid", String(error));
          assert.ok(error.message.length < 2000);
          assert.doesNotMatch(error.message, /\p{Cc}/u);
        }
      }),
      { numRuns: 4000 },
    );
    assert.ok(taken > 0);
  });
});

suite("the plan", () => {
  test("a fault without a moment is due at once, at its place only", () => {
    const one = plan({ fault: "reset" });
    assert.equal(one.strike("door", 5, null), null);
    assert.equal(one.strike("connection", 5, 3)?.kind, "reset");
    assert.equal(one.strike("connection", 6, 3), null);
    const [record] = one.records();
    assert.deepEqual([record?.fired, record?.first_fired_ms, record?.connection, record?.over], [1, 5, 3, true]);
  });

  for (const [at, before, reached] of [
    [{ audio_ms: 1000 }, ["audio_ms", 999], ["audio_ms", 1000]],
    [{ session: 2 }, ["session", 1], ["session", 2]],
    [{ connection: 3 }, ["connection", 2], ["connection", 3]],
    [{ audio_ms: 5 }, ["session", 9], ["audio_ms", 9]],
  ] as const) {
    test(`${JSON.stringify(at)} is due when that is reached, not before`, () => {
      const one = plan({ at, fault: "reset" });
      one.reached(before[0], before[1], 1);
      assert.equal(one.strike("connection", 1, 1), null);
      one.reached(reached[0], reached[1], 2);
      assert.equal(one.strike("connection", 2, 1)?.kind, "reset");
    });
  }

  test("wall_ms counts from when the fault was added", () => {
    const made = new FaultPlan();
    for (const planned of parseFaults({ at: { wall_ms: 100 }, fault: "reset" })) made.add(planned, 1000);
    assert.equal(made.nextClockMs(), 1100);
    made.clock(1099);
    assert.equal(made.strike("connection", 1099, 1), null);
    made.clock(1100);
    assert.equal(made.nextClockMs(), null);
    assert.equal(made.strike("connection", 1101, 1)?.kind, "reset");
  });

  test("times and for_ms repeat a fault", () => {
    const thrice = plan({ fault: { kind: "refuse", times: 3 } });
    assert.deepEqual(
      [1, 2, 3, 4].map((now) => thrice.strike("door", now, null)?.kind),
      ["refuse", "refuse", "refuse", undefined],
    );
    const second = plan({ fault: { kind: "refuse", for_ms: 1000 } });
    assert.deepEqual(
      [0, 500, 999, 1000].map((now) => second.strike("door", now, null)?.kind),
      ["refuse", "refuse", "refuse", undefined],
    );
  });

  test("faults of one place strike in the order in which they were added", () => {
    const two = plan({ fault: "stall" }, { fault: { kind: "refuse", where: "iam" } }, { fault: "reset" });
    assert.equal(two.strike("iam", 0, null)?.kind, "refuse");
    assert.equal(two.strike("connection", 0, null)?.kind, "stall");
    assert.equal(two.strike("connection", 0, null)?.kind, "reset");
  });

  test("what is over is remembered, but not for ever; what is to come can be taken back", () => {
    const made = plan({ at: { session: 9 }, fault: "reset" });
    for (let i = 0; i < 3000; i++) {
      for (const planned of parseFaults({ fault: "stall" })) made.add(planned, i);
      assert.equal(made.strike("connection", i, 1)?.kind, "stall");
    }
    assert.equal(made.records().length, 1001);
    made.clear();
    assert.equal(made.records().length, 1000);
    const [lasting] = parseFaults({ fault: { kind: "refuse", status: 503, for_ms: 10_000 } });
    assert.ok(lasting !== undefined);
    const { id } = made.add(lasting, 3_000);
    assert.equal(made.strike("door", 3_000, 1)?.kind, "refuse");
    made.clear();
    assert.equal(made.records().find((record) => record.id === id)?.fired, 1, "it has struck: that stays known");
    assert.equal(made.strike("door", 3_000, 1), null, "and strikes no more");
    made.reached("session", 9, 1);
    assert.equal(made.strike("connection", 1, 1), null);
  });
});
