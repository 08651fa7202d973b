import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { balances } from "../../../src/audio/log.ts";
import { perMs, run } from "./lab.ts";

const small = (max: number) => fc.integer({ min: 1, max });
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("capture" as const), n: small(40) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("read" as const), n: small(40) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("answer" as const), n: small(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("settle" as const), n: small(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("rewind" as const), n: small(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("withhold" as const), n: small(10) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const), n: small(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("stop" as const), n: small(1) }) },
);

/**
 * With room on the disk, nothing is ever lost: whatever is captured, read, answered, withheld, in however many runs that
 * crash or stop, is read in order, from where the service had got, and every sample is the one that was captured.
 */
test("over any number of crashes and stops, all that is captured is read, until it is settled", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40, size: "max" }), async (actions) => {
      const base = mkdtempSync(path.join(tmpdir(), "sis-agent-disk-"));
      const folder = path.join(base, "audio");
      let runs = 0;
      // Sound is written as soon as it is decided upon, so a crash takes nothing.
      const start = () => run(folder, { stream: `run-${++runs}`, gated: true, capacityMs: 1_000 });
      let now = start();
      let capturedTo = 0;
      let settledTo = 0;
      const withheld: { from: number; to: number }[] = [];
      const skip = (position: number) =>
        withheld.reduce((at, hole) => (hole.from <= at && at < hole.to ? hole.to : at), position);
      try {
        for (const { do: what, n } of actions) {
          switch (what) {
            case "capture":
            case "withhold":
              for (let done = 0; done < n; done += 1) {
                const from = capturedTo;
                await now.capture(100);
                capturedTo += 100 * perMs;
                if (what === "withhold") withheld.push({ from, to: capturedTo });
                now.log.decide(capturedTo, what === "withhold" ? "silence" : "send");
              }
              // What has been decided goes to the disk with the next sound: none of it.
              now.log.append(new Int16Array(0));
              break;
            case "read":
              for (let done = 0, until = performance.now() + 30_000; done < n && now.log.unread > 0; ) {
                assert.ok(performance.now() < until, "the disk gives what it holds");
                const piece = now.log.read(100 * perMs, 1);
                if (piece === null) await new Promise((resolve) => setImmediate(resolve));
                else {
                  done += 1;
                  const expected = (_: number, index: number) => ((piece.position + index) % 30_000) + 1;
                  assert.deepEqual([...piece.samples], Array.from(piece.samples, expected));
                }
              }
              break;
            case "answer":
            case "settle":
              settledTo = Math.min(now.log.settled + n * 100 * perMs, now.log.cursor);
              if (what === "answer") now.log.answer(settledTo);
              else now.log.settle(settledTo);
              break;
            case "rewind":
              now.log.rewind();
              assert.equal(now.log.cursor, skip(settledTo));
              break;
            case "stop":
            case "crash":
              if (what === "stop") {
                while (!now.log.spill()) await now.spool.written;
                await now.spool.close();
              }
              await now.spool.written;
              assert.ok(balances(now.log.ledger()));
              now = start();
              // All there is to recognise is there. Positions go on after it: what was withheld at the end is nowhere.
              assert.equal(skip(Math.max(settledTo, now.log.resumedTo)), capturedTo);
              capturedTo = now.log.resumedTo;
              settledTo = Math.min(settledTo, capturedTo);
              for (const hole of withheld) hole.to = Math.max(hole.from, Math.min(hole.to, capturedTo));
              break;
          }
          await now.spool.written;
          assert.ok(balances(now.log.ledger()), JSON.stringify(now.log.ledger()));
          assert.equal(now.log.ledger().lostMs, 0);
          const stillWithheld = withheld.reduce(
            (sum, hole) => sum + Math.max(0, hole.to - Math.max(hole.from, settledTo)),
            0,
          );
          const pending = (capturedTo - settledTo - stillWithheld) / perMs;
          assert.equal(now.log.ledger().pendingMs, Math.max(0, pending), what);
        }
        assert.deepEqual(now.gaps, []);
        assert.deepEqual(now.troubles, []);
      } finally {
        await now.spool.close();
        rmSync(base, { recursive: true, force: true });
      }
    }),
    { numRuns: 60 },
  );
});
