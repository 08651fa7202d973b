import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  brokenHeritage,
  capturedByAll,
  gapAccounts,
  imbalance,
  type RunLedger,
  type ToldGap,
} from "../../scripts/campaigning/accounts.ts";

const ledger: RunLedger = {
  capturedMs: 10_000,
  resumedMs: 0,
  acknowledgedMs: 9000,
  pendingMs: 700,
  lostMs: 300,
  missedMs: 0,
  after: null,
};

suite("ledgers", () => {
  test("balance, or it is told", () => {
    assert.equal(imbalance(ledger), null);
    assert.match(imbalance({ ...ledger, lostMs: 200 }) ?? "", /captured 10000 is not acknowledged 9000/);
    assert.match(imbalance({ ...ledger, pendingMs: Number.NaN }) ?? "", /pending NaN/);
  });

  test("what one run leaves, the next takes over, and it is counted once", () => {
    const heir: RunLedger = { ...ledger, resumedMs: 700, after: "ledger" };
    assert.deepEqual(brokenHeritage([ledger, heir]), []);
    assert.equal(capturedByAll([ledger, heir]), 19_300);
    assert.match(brokenHeritage([ledger, { ...heir, resumedMs: 500 }]).join(), /left 700 ms .* took over 500 ms/);
  });

  test("what a killed run captured is counted with its heir", () => {
    const heir: RunLedger = { ...ledger, resumedMs: 2000, after: "kill" };
    assert.deepEqual(brokenHeritage([ledger, heir]), []);
    assert.equal(capturedByAll([ledger, heir]), 20_000);
  });
});

suite("gaps", () => {
  const heard = [
    { from: 0, to: 10_000 },
    { from: 12_000, to: 30_000 },
  ];
  const told = (lostMs: number, from = 10_000, cause = "capture"): ToldGap => ({
    from,
    to: from + lostMs,
    lostMs,
    cause,
  });
  const verdicts = (...gaps: ToldGap[]) => gapAccounts(heard, gaps, [], 100).map(({ isRight }) => isRight);

  test("told within a chunk of the truth are right", () => {
    assert.deepEqual(verdicts(told(2000)), [true]);
    assert.deepEqual(verdicts(told(1905, 10_020)), [true]);
    assert.deepEqual(verdicts(told(1200), told(800, 11_200, "overrun")), [true]);
  });

  test("told too long, too short, or not at all are wrong", () => {
    assert.deepEqual(verdicts(told(2150)), [false]);
    assert.deepEqual(verdicts(told(1850)), [false]);
    assert.deepEqual(verdicts(), [false]);
    assert.deepEqual(verdicts(told(2000, 10_000, "buffer-full")), [false]);
  });

  test("told where nothing was missing are wrong", () => {
    assert.deepEqual(verdicts(told(2000), told(400, 20_000)), [true, false]);
  });

  test("while the agent does not run nobody counts", () => {
    assert.deepEqual(gapAccounts(heard, [], [{ from: 9900, to: 11_500 }], 100), []);
  });

  test("told of a time when nobody knows what was missing are no account", () => {
    assert.deepEqual(gapAccounts([{ from: 0, to: 30_000 }], [told(2000)], [{ from: 9900, to: 12_100 }], 100), []);
  });

  test("told of a time when nobody counts are no part of what was missing soon after", () => {
    const start = [{ from: 8500, to: 8600 }, { from: 8900, to: 10_000 }, ...heard.slice(1)];
    const gaps = [told(300, 8610), told(2000)];
    assert.deepEqual(
      gapAccounts(start, gaps, [{ from: 0, to: 8500 }], 100).map(({ toldMs, isRight }) => [toldMs, isRight]),
      [[2000, true]],
    );
  });

  test("close together are one account", () => {
    const twice = [...heard.slice(0, 1), { from: 12_000, to: 13_000 }, { from: 13_500, to: 30_000 }];
    const [account, ...more] = gapAccounts(twice, [told(2000), told(500, 13_000)], [], 100);
    assert.deepEqual(more, []);
    assert.equal(account?.trueMs, 2500);
    assert.equal(account?.toldMs, 2500);
  });
});
