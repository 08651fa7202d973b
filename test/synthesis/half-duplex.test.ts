import assert from "node:assert/strict";
import { test } from "node:test";
import { HalfDuplex } from "../../src/synthesis/half-duplex.ts";
import { ManualClock } from "../lab/manual-clock.ts";

function lab(tailMs: number) {
  const clock = new ManualClock();
  const told: string[] = [];
  const duplex = new HalfDuplex(clock, tailMs, () => {
    told.push(`deaf ${clock.monotonicMs()}`);
    return { [Symbol.dispose]: () => void told.push(`hears ${clock.monotonicMs()}`) };
  });
  return { clock, told, duplex };
}

test("deaf from the first sound until the room is quiet again", () => {
  const { clock, told, duplex } = lab(300);
  clock.advance(100);
  duplex.speaking(true);
  clock.advance(1000);
  duplex.speaking(false);
  clock.advance(299);
  assert.deepEqual(told, ["deaf 100"]);
  clock.advance(1);
  assert.deepEqual(told, ["deaf 100", "hears 1400"]);
});

test("a text that begins within the tail of another goes on with the same deafness", () => {
  const { clock, told, duplex } = lab(300);
  duplex.speaking(true);
  clock.advance(100);
  duplex.speaking(false);
  clock.advance(200);
  duplex.speaking(true);
  clock.advance(500);
  duplex.speaking(false);
  clock.advance(1000);
  assert.deepEqual(told, ["deaf 0", "hears 1100"]);
});

test("the end of what never began is none, and disposal leaves no timer", () => {
  const { clock, told, duplex } = lab(300);
  duplex.speaking(false);
  duplex.speaking(true);
  duplex.speaking(false);
  duplex[Symbol.dispose]();
  assert.equal(clock.pending, 0);
  assert.deepEqual(told, ["deaf 0", "hears 0"]);
});
