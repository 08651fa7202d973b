import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type Burst, drawBurst, drawProfile, possible, shareOut, suitable } from "../../scripts/campaigning/draw.ts";
import { type KindName, kindNames, kindOf, type Need } from "../../scripts/campaigning/kinds.ts";
import { seededRandom } from "../../src/base/random.ts";
import { parseFaults } from "../../src/simulator/faults.ts";

const everything: readonly Need[] = ["name-service", "packet-filter", "small-disk"];

/** Bursts of about `count` faults in all, as a lane draws them. */
function bursts(seed: string, names: readonly KindName[], count: number): Burst[] {
  const random = seededRandom(seed);
  const drawn: Burst[] = [];
  for (let left = count; left > 0; left -= drawn.at(-1)?.faults.length ?? left) {
    drawn.push(drawBurst(random, names, drawn.at(-1) ?? null, left));
  }
  return drawn;
}

const faultsOf = (drawn: readonly Burst[]) => drawn.flatMap(({ faults }) => faults);

suite("what a campaign draws", () => {
  test("is the same for the same seed, and another for another", () => {
    assert.deepEqual(bursts("7", kindNames, 100), bursts("7", kindNames, 100));
    assert.notDeepEqual(bursts("7", kindNames, 100), bursts("8", kindNames, 100));
    const profile = (seed: string) => drawProfile(seededRandom(seed), kindNames, everything);
    assert.deepEqual(profile("7"), profile("7"));
    assert.ok(new Set(Array.from({ length: 50 }, (_, n) => JSON.stringify(profile(String(n))))).size > 10);
  });

  test("is as many faults as were asked for, of every kind sooner or later", () => {
    const drawn = faultsOf(bursts("1", kindNames, 2000));
    assert.equal(drawn.length, 2000);
    assert.deepEqual(new Set(drawn.map(({ kind }) => kind)), new Set(kindNames));
  });

  test("overlaps: in many bursts a fault begins soon after another", () => {
    const drawn = bursts("1", kindNames, 1000);
    const several = drawn.filter(({ faults }) => faults.length > 1);
    assert.ok(several.length > drawn.length / 4);
    for (const { faults } of several) for (const { afterMs } of faults) assert.ok(afterMs <= 1500);
    assert.ok(several.some(({ faults }) => faults.length === 3));
  });

  test("keeps to the kinds that were chosen", () => {
    const chosen: readonly KindName[] = ["tcp-reset", "http-401", "arecord-killed"];
    const drawn = faultsOf(bursts("1", chosen, 200));
    assert.deepEqual(new Set(drawn.map(({ kind }) => kind)), new Set(chosen));
  });

  test("in a burst no kind comes twice, one alone lets the agent wait long, one alone is about the recorder", () => {
    for (const { faults } of bursts("1", kindNames, 3000)) {
      const kinds = faults.map(({ kind }) => kind);
      assert.equal(new Set(kinds).size, kinds.length);
      assert.ok(kinds.filter((kind) => kindOf(kind).waits !== "short").length <= 1, kinds.join());
      for (const what of ["recorder", "agent"]) {
        assert.ok(kinds.filter((kind) => kindOf(kind).about === what).length <= 1, kinds.join());
      }
    }
  });

  test("after a fault that lets the agent wait it is left alone until that is forgiven", () => {
    const drawn = bursts("1", kindNames, 1000);
    for (const [index, { faults }] of drawn.slice(0, -1).entries()) {
      if (faults.every(({ kind }) => kindOf(kind).waits === "short")) continue;
      assert.ok((drawn[index + 1]?.calmMs ?? 0) > 10_000);
    }
    assert.ok(drawn.some(({ calmMs }) => calmMs < 5000));
  });

  test("is shared out so that lanes with long waits have fewer", () => {
    const seeds = Array.from({ length: 12 }, (_, lane) => `1 ${lane}`);
    const shares = shareOut(seeds, 300, kindNames, everything);
    assert.equal(
      shares.reduce((sum, share) => sum + share, 0),
      300,
    );
    assert.ok(Math.min(...shares) >= 10 && Math.max(...shares) > Math.min(...shares), shares.join());
    assert.deepEqual(shareOut(seeds, 300, kindNames, everything), shares);
    // What a lane is expected to draw is what it draws.
    const [first = ""] = seeds;
    const random = seededRandom(first);
    const names = suitable(kindNames, drawProfile(random, kindNames, everything), everything);
    assert.deepEqual(shareOut([first], 1, kindNames, everything), [drawBurst(random, names, null, 1).faults.length]);
  });

  test("is nothing that the simulator does not know", () => {
    for (const { deed } of faultsOf(bursts("1", kindNames, 2000))) {
      if (deed.do === "service") parseFaults(deed.faults.map((fault) => ({ fault })));
    }
  });
});

suite("what is possible", () => {
  test("depends on the machine", () => {
    const poor = possible(kindNames, []);
    assert.deepEqual(
      kindNames.filter((name) => !poor.includes(name)),
      ["half-open", "dns-failure", "disk-full"],
    );
    assert.deepEqual(possible(kindNames, everything), kindNames);
  });

  test("depends on the agent's settings, which are drawn to suit the kinds that were chosen", () => {
    for (const name of kindNames) {
      for (let seed = 0; seed < 5; seed++) {
        const profile = drawProfile(seededRandom(String(seed)), [name], everything);
        assert.deepEqual(suitable([name], profile, everything), [name]);
      }
    }
    assert.throws(() => drawProfile(seededRandom("1"), ["dns-failure"], []), /none of dns-failure is possible/);
  });
});
