import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { notePath } from "../../../src/audio/disk/folder.ts";
import { newestNote } from "../../../src/audio/disk/note.ts";
import { balances } from "../../../src/audio/log.ts";
import { eventually } from "../../system/lab/processes.ts";
import { perMs, run, tempFolder } from "./lab.ts";

const sounds = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".sound"))
    .toSorted();
const outage = { keeping: { afterMs: 1_500, pieceMs: 200 } };

test("in an outage longer than memory, what falls out of it is on disk, and comes back in order", async (t) => {
  const { log, capture, readAll, gaps, spool } = run(tempFolder(t), outage);
  await capture(25_000);
  assert.deepEqual(await readAll(), [{ from: 0, to: 25_000 * perMs }]);
  assert.deepEqual(gaps, []);
  log.settle(25_000 * perMs);
  await spool.close();
  assert.deepEqual(log.ledger().acknowledgedMs, 25_000);
});

test("what was said before a gate shut is on disk, too, before what it withholds takes its place in memory", async (t) => {
  const { log, capture, readAll, gaps } = run(tempFolder(t), { ...outage, gated: true });
  await capture(500);
  log.decide(500 * perMs, "send");
  for (let toMs = 600; toMs <= 5_000; toMs += 100) {
    await capture(100);
    log.decide(toMs * perMs, toMs < 3_000 ? "silence" : "muted");
  }
  assert.deepEqual(await readAll(), [{ from: 0, to: 500 * perMs }]);
  assert.deepEqual(gaps, []);
  assert.equal(log.ledger().withheldMs, 4_500);
});

test("while all is well, nothing is written", async (t) => {
  const folder = tempFolder(t);
  const { log, capture, readAll } = run(folder, outage);
  for (let n = 0; n < 30; n += 1) {
    await capture(300);
    await readAll();
    log.settle(log.cursor - 300 * perMs);
  }
  assert.deepEqual(readdirSync(folder), ["owner"]);
});

test("a second agent leaves the sound of the first alone, and says who has it", async (t) => {
  const folder = tempFolder(t);
  const first = run(folder);
  await first.capture(500);
  // A process that lives on: the one that started this one.
  const stat = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const start = `${boot} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
  writeFileSync(path.join(folder, "owner"), JSON.stringify({ pid: process.ppid, start }));
  const second = run(folder, { stream: "second" });
  assert.equal(second.troubles[0]?.code, "disk-in-use");
  assert.match(second.troubles[0]?.message ?? "", new RegExp(`process ${process.ppid}`));
  assert.equal(second.spool.resumed, null);
  await second.capture(3_000);
  assert.equal(second.log.ledger().lostMs, 1_000);
  assert.equal(sounds(folder).length, 1);
  // One that is gone, and whose number another process has by now.
  writeFileSync(path.join(folder, "owner"), JSON.stringify({ pid: process.ppid, start: `${boot} 1` }));
  assert.equal(run(folder, { stream: "third" }).log.ledger().resumedMs, 500);
});

test("the files can be read by nobody else, and go when the service has dealt with them", async (t) => {
  const folder = tempFolder(t);
  const { log, capture, readAll, spool } = run(folder);
  await capture(25_000);
  assert.ok(sounds(folder).length >= 3);
  for (const name of readdirSync(folder)) assert.equal(statSync(path.join(folder, name)).mode & 0o777, 0o600, name);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  await readAll();
  log.settle(12_000 * perMs);
  await spool.written;
  assert.equal(sounds(folder)[0]?.startsWith(String(10_000 * perMs).padStart(12, "0")), true);
  log.settle(25_000 * perMs);
  await spool.close();
  assert.deepEqual(sounds(folder), []);
});

test("after a crash the next run goes on where the service had got, with the names and times of then", async (t) => {
  const folder = tempFolder(t);
  const first = run(folder);
  await first.capture(3_000);
  await first.readAll();
  first.log.answer(1_000 * perMs);
  await first.capture(1_000);
  const told = {
    name: first.log.answeredName,
    wallMs: first.log.wallMs(2_000 * perMs),
    at: first.log.nameOf(2_000 * perMs),
  };
  // No farewell: the process is gone.
  const second = run(folder, { stream: "second" });
  await second.capture(500);
  assert.equal(second.log.answeredName, told.name);
  assert.equal(second.log.nameOf(2_000 * perMs), told.at);
  assert.ok(Math.abs(second.log.wallMs(2_000 * perMs) - told.wallMs) < 1);
  assert.equal(second.log.nameOf(4_100 * perMs), `second-${100 * perMs}`);
  assert.deepEqual(await second.readAll(), [{ from: 1_000 * perMs, to: 4_500 * perMs }]);
  assert.equal(second.log.ledger().resumedMs, 3_000);
  assert.ok(balances(second.log.ledger()));
  second.log.settle(4_500 * perMs);
  await second.spool.close();
  await first.spool.close();
  assert.equal(run(folder).spool.resumed, null);
});

test("a crash before the first answer leaves the name that the first transcript would have had", async (t) => {
  const folder = tempFolder(t);
  await run(folder).capture(1_000);
  const { log } = run(folder, { stream: "second" });
  assert.equal(log.answeredName, "first-0");
  const third = run(folder, { stream: "third" });
  assert.equal(third.log.answeredName, "first-0");
});

test("the note is there before the sound: where none can be written, no sound lies beside an old one", async (t) => {
  const folder = tempFolder(t);
  const { captureAtOnce, readAll, spool, troubles } = run(folder);
  mkdirSync(path.join(folder, "progress"));
  captureAtOnce(1_000);
  await spool.written;
  assert.equal(troubles.length, 1);
  assert.deepEqual(sounds(folder), []);
  assert.deepEqual(await readAll(), [{ from: 0, to: 1_000 * perMs }]);
});

test("a run that ends in good order leaves what is not recognised, and only that", async (t) => {
  const folder = tempFolder(t);
  const first = run(folder, outage);
  await first.capture(1_000);
  await first.readAll();
  first.log.answer(400 * perMs);
  while (!first.log.spill()) await first.spool.written;
  await first.spool.close();
  first.log.close();
  assert.deepEqual(first.gaps, []);
  assert.equal(first.log.ledger().pendingMs, 600);
  const second = run(folder, { ...outage, stream: "second" });
  assert.deepEqual(await second.readAll(), [{ from: 400 * perMs, to: 1_000 * perMs }]);
  assert.equal(second.log.answeredName, `first-${400 * perMs}`);
});

test("a file that is cut at any byte gives all its whole frames, and never a wrong sample", async (t) => {
  const folder = tempFolder(t);
  const first = run(folder);
  await first.capture(300);
  await first.spool.close();
  const [name = ""] = sounds(folder);
  const file = path.join(folder, name);
  const whole = readFileSync(file);
  const frame = whole.length / 3;
  for (let cut = 0; cut <= whole.length; cut += 97) {
    writeFileSync(file, whole);
    truncateSync(file, cut);
    const kept = Math.floor(cut / frame) * 100;
    const { log, readAll, spool } = run(folder, { stream: "second" });
    assert.equal(log.ledger().resumedMs, kept, `cut at ${cut}`);
    assert.deepEqual(await readAll(), kept === 0 ? [] : [{ from: 0, to: kept * perMs }]);
    if (kept > 0) assert.equal(statSync(file).size, cut - (cut % frame), "what is no whole frame is cut off");
    await spool.close();
  }
});

test("zeros and rubbish at the end of a file, as a power cut leaves them, are cut off", async (t) => {
  const folder = tempFolder(t);
  const first = run(folder);
  await first.capture(300);
  await first.spool.close();
  const [name = ""] = sounds(folder);
  const file = path.join(folder, name);
  const { size } = statSync(file);
  appendFileSync(file, Buffer.alloc(5_000));
  assert.equal(run(folder).log.ledger().resumedMs, 300);
  assert.equal(statSync(file).size, size);
  // The last frame's length was on disk before its sound was.
  const bytes = readFileSync(file);
  bytes.fill(0, size - 900);
  writeFileSync(file, bytes);
  assert.equal(run(folder).log.ledger().resumedMs, 200);
});

test("a frame that has gone bad on the disk is lost, with its cause, and nothing else is", async (t) => {
  const folder = tempFolder(t);
  const first = run(folder);
  await first.capture(500);
  await first.spool.close();
  const file = path.join(folder, sounds(folder)[0] ?? "");
  const bytes = readFileSync(file);
  bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  const { log, readAll, gaps } = run(folder, { stream: "second" });
  assert.deepEqual(await readAll(), [
    { from: 0, to: 200 * perMs },
    { from: 300 * perMs, to: 500 * perMs },
  ]);
  assert.deepEqual(
    gaps.map(({ lostMs, cause }) => ({ lostMs, cause })),
    [{ lostMs: 100, cause: "disk" }],
  );
  assert.ok(balances(log.ledger()));
});

test("a file that cannot be read for a moment is read again; what cannot be for longer is lost, with its cause", async (t) => {
  for (const [failures, read, lost] of [
    [2, [{ from: 0, to: 600 * perMs }], []],
    [3, [{ from: 500 * perMs, to: 600 * perMs }], [{ lostMs: 500, cause: "disk" }]],
  ] as const) {
    const folder = tempFolder(t);
    const first = run(folder);
    await first.capture(500);
    await first.spool.close();
    const { log, capture, readAll, gaps, clock } = run(folder, { stream: "second" });
    const file = path.join(folder, sounds(folder)[0] ?? "");
    renameSync(file, `${file}.aside`);
    mkdirSync(file);
    // Each try meets a folder.
    log.read(100 * perMs, 1);
    for (let failure = 1; failure <= Math.min(failures, 2); failure += 1) {
      await eventually(() => clock.nextInMs === 500, "it waits to try again");
      if (failure === failures) {
        rmdirSync(file);
        renameSync(`${file}.aside`, file);
      }
      clock.advance(500);
    }
    await capture(100);
    assert.deepEqual(await readAll(), read);
    assert.deepEqual(
      gaps.map(({ lostMs, cause }) => ({ lostMs, cause })),
      lost,
    );
    assert.ok(balances(log.ledger()));
  }
});

test("so is a frame whose header has gone bad, but not what a deleted file has left behind the end", async (t) => {
  const folder = tempFolder(t);
  const first = run(folder);
  await first.capture(500);
  await first.spool.close();
  const file = path.join(folder, sounds(folder)[0] ?? "");
  const bytes = readFileSync(file);
  const frame = bytes.length / 5;
  const stale = Buffer.from(bytes.subarray(0, frame));
  bytes.fill(0, 2 * frame + 10, 2 * frame + 30);
  writeFileSync(file, Buffer.concat([bytes, Buffer.alloc(100), stale]));
  const { log, readAll, gaps } = run(folder, { stream: "second" });
  assert.deepEqual(await readAll(), [
    { from: 0, to: 200 * perMs },
    { from: 300 * perMs, to: 500 * perMs },
  ]);
  assert.deepEqual(
    gaps.map(({ lostMs, cause }) => ({ lostMs, cause })),
    [{ lostMs: 100, cause: "disk" }],
  );
  assert.equal(statSync(file).size, bytes.length);
  assert.ok(balances(log.ledger()));
});

test("more than the disk may hold: the oldest goes, counted, if it is no longer in memory", async (t) => {
  const folder = tempFolder(t);
  const { log, capture, readAll, gaps } = run(folder, { maxBytes: 330_000 });
  await capture(40_000);
  const lostMs = log.ledger().lostMs;
  assert.ok(lostMs >= 18_000 && lostMs <= 30_000, `${lostMs} ms`);
  assert.equal(
    gaps.reduce((sum, gap) => sum + gap.lostMs, 0),
    lostMs,
  );
  assert.ok(gaps.every((gap) => gap.cause === "buffer-full"));
  const bytes = sounds(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
  assert.ok(bytes <= 330_000, `${bytes} bytes`);
  assert.deepEqual(await readAll(), [{ from: lostMs * perMs, to: 40_000 * perMs }]);
  assert.ok(balances(log.ledger()));
});

test("what was sent before the disk gave it up is lost only if it has to be sent again", async (t) => {
  const { log, capture, readAll, gaps } = run(tempFolder(t), { maxBytes: 330_000 });
  for (let ms = 0; ms < 40_000; ms += 1_000) {
    await capture(1_000);
    await readAll();
  }
  assert.equal(gaps.length, 0);
  assert.equal(log.ledger().lostMs, 0);
  log.rewind();
  const { lostMs } = log.ledger();
  assert.ok(lostMs >= 18_000 && lostMs <= 30_000, `${lostMs} ms`);
  assert.deepEqual(await readAll(), [{ from: lostMs * perMs, to: 40_000 * perMs }]);
  assert.ok(gaps.every((gap) => gap.cause === "buffer-full"));
  assert.ok(balances(log.ledger()));
});

test("where the settings allow less than they did, the oldest of an earlier run goes at once, counted", async (t) => {
  const folder = tempFolder(t);
  const first = run(folder);
  await first.capture(60_000);
  await first.spool.close();
  const { log, gaps, readAll, capture, spool } = run(folder, { ...outage, stream: "second", maxBytes: 340_000 });
  await spool.written;
  const bytes = sounds(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
  assert.ok(bytes > 300_000 && bytes <= 340_000, `${bytes} bytes`);
  await capture(100);
  assert.deepEqual(await readAll(), [{ from: 40_000 * perMs, to: 60_100 * perMs }]);
  assert.equal(log.ledger().lostMs, 40_000);
  assert.ok(gaps.every((gap) => gap.cause === "buffer-full"));
  assert.ok(balances(log.ledger()));
});

test("what has been on disk for too long is deleted, and counted", async (t) => {
  const folder = tempFolder(t);
  const { log, capture, gaps, clock, spool } = run(folder, { maxAgeMs: 60_000 });
  await capture(25_000);
  clock.advance(55_000);
  await spool.written;
  await capture(200);
  assert.equal(log.ledger().lostMs, 20_000);
  assert.deepEqual([...new Set(gaps.map((gap) => gap.cause))], ["expired"]);
});

test("what is too old is deleted, counted and told though no sound comes", async (t) => {
  const folder = tempFolder(t);
  const { log, capture, clock, spool, gaps } = run(folder, { maxAgeMs: 60_000 });
  await capture(5_000);
  clock.advance(75_000);
  for (const _ of ["found", "deleted"]) await spool.written;
  assert.deepEqual(sounds(folder), []);
  clock.advance(80_000);
  // The rest is in memory still.
  assert.deepEqual(
    [log.ledger().lostMs, gaps.map(({ cause, lostMs }) => [cause, lostMs])],
    [3_000, [["expired", 3_000]]],
  );
  await capture(2_000);
  assert.equal(log.ledger().lostMs, 5_000);
});

test("while sound comes and expires without an end, what is lost is told ever more rarely, and its end within a minute", async (t) => {
  const folder = tempFolder(t);
  const { log, capture, clock, spool, gaps } = run(folder, { maxAgeMs: 60_000 });
  for (let minute = 0; minute < 10; minute += 1) await capture(60_000);
  const told = gaps.map(({ lostMs }) => lostMs);
  assert.ok(told.length >= 8 && told.length <= 16, told.join());
  assert.ok(
    told.slice(3).every((ms) => ms >= 50_000),
    told.join(),
  );
  // Sound goes on, and none of it is lost: it is withheld, and read by nobody.
  for (let second = 0; second < 200; second += 1) {
    clock.advance(1_000);
    await spool.written;
  }
  assert.equal(
    gaps.reduce((sum, { lostMs }) => sum + lostMs, 0),
    log.ledger().lostMs,
  );
});

test("sound of an earlier run counts its age on; a clock that was not set says nothing about age", async (t) => {
  const folder = tempFolder(t);
  const first = run(folder);
  await first.capture(1_000);
  await first.spool.close();
  const late = run(folder, { maxAgeMs: 1_000_000 });
  late.clock.stepWall(2_000_000);
  const tooLate = run(folder, { maxAgeMs: 500 });
  await late.capture(100);
  assert.equal(late.log.ledger().lostMs, 0);
  await tooLate.capture(3_000);
  assert.equal(tooLate.log.ledger().lostMs, 1_000);
});

test("a disk that cannot be used is a trouble, memory takes over, and when it is well again, it is used again", async (t) => {
  const folder = tempFolder(t);
  writeFileSync(folder, "a file where the folder should be");
  const { log, capture, readAll, troubles, gaps, clock } = run(folder);
  await capture(3_000);
  assert.equal(troubles[0]?.code, "disk-denied");
  assert.equal(troubles.length, 1);
  assert.equal(log.ledger().lostMs, 1_000);
  rmSync(folder);
  clock.advance(6_000);
  await capture(10_000);
  assert.equal(troubles.at(-1), null);
  assert.equal(troubles.length, 2);
  const { lostMs } = log.ledger();
  assert.deepEqual(await readAll(), [{ from: lostMs * perMs, to: 13_000 * perMs }]);
  assert.ok(lostMs < 9_000, `${lostMs} ms`);
  assert.deepEqual([...new Set(gaps.map(({ cause }) => cause))], ["disk"], "it is not the outage's fault");
});

test("what falls out of memory while the disk is still at it is not lost", async (t) => {
  const { log, captureAtOnce, readAll, gaps, spool } = run(tempFolder(t));
  captureAtOnce(8_000);
  assert.deepEqual(await readAll(), [{ from: 0, to: 8_000 * perMs }]);
  log.rewind();
  await spool.written;
  assert.deepEqual(await readAll(), [{ from: 0, to: 8_000 * perMs }]);
  assert.deepEqual(gaps, []);
});

test("unless the disk fails then: what is not in memory any more is lost, with its cause", async (t) => {
  const folder = tempFolder(t);
  const { log, captureAtOnce, readAll, gaps, spool } = run(folder);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "a file where the folder should be");
  captureAtOnce(8_000);
  await spool.written;
  assert.deepEqual(await readAll(), [{ from: 6_000 * perMs, to: 8_000 * perMs }]);
  assert.deepEqual(
    gaps.map(({ lostMs, cause }) => ({ lostMs, cause })),
    [{ lostMs: 6_000, cause: "disk" }],
  );
  assert.ok(balances(log.ledger()));
});

test("more at once than may wait is no sign of a slow disk: it has not begun yet", async (t) => {
  const keeping = { afterMs: 30_000, pieceMs: 1_000 };
  const { log, captureAtOnce, readAll, spool, troubles } = run(tempFolder(t), { keeping, capacityMs: 40_000 });
  captureAtOnce(25_000);
  assert.equal(log.spill(), false);
  while (!log.spill()) await spool.written;
  assert.deepEqual(troubles, []);
  assert.deepEqual(await readAll(), [{ from: 0, to: 25_000 * perMs }]);
});

test("at the end, what the disk has not got when nobody waits for it any longer is lost, and told", async (t) => {
  const { log, captureAtOnce, spool, gaps } = run(tempFolder(t));
  captureAtOnce(1_000);
  assert.equal(log.spill(), true);
  spool.giveUp();
  log.close();
  assert.deepEqual(
    gaps.map(({ lostMs, cause }) => ({ lostMs, cause })),
    [{ lostMs: 1_000, cause: "stopped" }],
  );
  assert.ok(balances(log.ledger()));
});

test("where what is done with cannot be deleted, nothing new is put beside it", async (t) => {
  const folder = tempFolder(t);
  const first = run(folder);
  await first.capture(500);
  await first.readAll();
  const stale = path.join(folder, sounds(folder)[0] ?? "");
  const copy = readFileSync(stale);
  first.log.answer(500 * perMs);
  await first.spool.close();
  writeFileSync(stale, copy);
  if (spawnSync("chattr", ["+i", stale]).status !== 0) {
    t.skip("no file can be made undeletable here");
    return;
  }
  const { spool, troubles, capture } = run(folder, { stream: "second" });
  spawnSync("chattr", ["-i", stale]);
  await capture(500);
  assert.deepEqual(sounds(folder), [path.basename(stale)]);
  assert.equal(spool.resumed, null);
  assert.equal(troubles[0]?.code, "disk-denied");
});

test("nor beside a file that cannot be read; what can be is recognised", async (t) => {
  const folder = tempFolder(t);
  const first = run(folder);
  await first.capture(500);
  await first.spool.close();
  // Root may read every file; nobody can read this.
  mkdirSync(path.join(folder, "000000004000-zeroth-1.sound"));
  const { troubles, capture, readAll } = run(folder, { stream: "second" });
  await capture(500);
  assert.equal(sounds(folder).length, 2);
  assert.notEqual(troubles[0] ?? null, null);
  assert.deepEqual(await readAll(), [{ from: 0, to: 1_000 * perMs }]);
});

test("a folder that may not be read is left alone: nothing of it is resumed, nothing gets between it", async (t) => {
  if (process.getuid?.() === 0) t.skip("root may read everything");
  else {
    const folder = tempFolder(t);
    mkdirSync(folder);
    chmodSync(folder, 0o000);
    const { troubles, capture, log } = run(folder);
    await capture(3_000);
    assert.equal(troubles[0]?.code, "disk-denied");
    assert.equal(log.ledger().lostMs, 1_000);
  }
});

test("sound that was kept at another rate is recognised at the new one", async (t) => {
  const folder = tempFolder(t);
  const first = run(folder);
  await first.capture(1_000);
  await first.spool.close();
  const { log } = run(folder, { sampleRate: 16_000 });
  assert.equal(log.cursor, 0);
  assert.equal(log.unread, 16_000);
  let read = 0;
  const deadline = performance.now() + 30_000;
  while (log.unread > 0 && performance.now() < deadline) {
    const piece = log.read(1_600, 1);
    if (piece === null) await new Promise((resolve) => setImmediate(resolve));
    else read += piece.samples.length;
  }
  assert.equal(read, 16_000);
});

test("a transcript waits for the note about the one before it, and for nothing else", async (t) => {
  const { log, capture, readAll, spool } = run(tempFolder(t));
  const order: string[] = [];
  await capture(1_000);
  await readAll();
  spool.whenNoted(() => order.push("first"));
  assert.deepEqual(order, ["first"]);
  log.answer(300 * perMs);
  spool.whenNoted(() => order.push("second"));
  assert.deepEqual(order, ["first"]);
  log.answer(500 * perMs);
  spool.whenNoted(() => order.push("third"));
  await spool.written;
  assert.deepEqual(order, ["first", "second", "third"]);
});

test("a transcript that waits for the disk when nobody waits for it any longer is told at once", async (t) => {
  const { log, capture, readAll, spool } = run(tempFolder(t));
  const order: string[] = [];
  await capture(1_000);
  await readAll();
  log.answer(300 * perMs);
  spool.whenNoted(() => order.push("first"));
  log.answer(500 * perMs);
  spool.whenNoted(() => order.push("second"));
  spool.giveUp();
  assert.deepEqual(order, ["first", "second"]);
  await spool.written;
  assert.deepEqual(order, ["first", "second"]);
});

test("notes for which nothing waits are one note, however long the disk takes", async (t) => {
  const folder = tempFolder(t);
  const { log, capture, readAll, spool } = run(folder);
  await capture(1_000);
  await readAll();
  const before = newestNote(readFileSync(notePath(folder)))?.number ?? Number.NaN;
  for (let ms = 10; ms <= 500; ms += 10) log.answer(ms * perMs);
  spool.whenNoted(() => {});
  for (let ms = 510; ms <= 700; ms += 10) log.answer(ms * perMs);
  await spool.written;
  const note = newestNote(readFileSync(notePath(folder)));
  assert.deepEqual([note?.settled, note?.number], [700 * perMs, before + 2]);
});

test("a disk that hangs gathers no notes: what has waited too long for one waits for none", async (t) => {
  const folder = tempFolder(t);
  const { log, capture, readAll, spool, clock } = run(folder);
  await capture(1_000);
  await readAll();
  const before = newestNote(readFileSync(notePath(folder)))?.number ?? Number.NaN;
  let told = 0;
  // All at once: the disk does nothing meanwhile.
  for (let ms = 10; ms <= 700; ms += 10) {
    log.answer(ms * perMs);
    spool.whenNoted(() => (told += 1));
    clock.advance(2_000);
  }
  assert.equal(told, 70);
  await spool.written;
  const note = newestNote(readFileSync(notePath(folder)));
  assert.deepEqual([note?.settled, note?.number], [700 * perMs, before + 1]);
});

test("sound that a gate withholds is not on disk either", async (t) => {
  const folder = tempFolder(t);
  const { log, capture, readAll, spool } = run(folder, { gated: true });
  await capture(500);
  log.decide(500 * perMs, "silence");
  await capture(500);
  log.decide(1_000 * perMs, "send");
  await capture(100);
  await spool.close();
  const second = run(folder, { stream: "second" });
  assert.equal(second.log.ledger().resumedMs, 500);
  assert.deepEqual(await readAll(), [{ from: 500 * perMs, to: 1_000 * perMs }]);
  log.settle(1_000 * perMs);
  const { acknowledgedMs, withheldMs, pendingMs } = log.ledger();
  assert.deepEqual(
    { acknowledgedMs, withheldMs, pendingMs },
    { acknowledgedMs: 1_000, withheldMs: 500, pendingMs: 100 },
  );
});
