import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Fault } from "../../src/base/fault.ts";
import { eventMessage } from "../../src/fleet/delivery.ts";
import { emptyOutbox, type Outbox, put, settle } from "../../src/fleet/outbox.ts";
import { openOutboxFile } from "../../src/fleet/outbox-file.ts";
import { errorEventPayload } from "../../src/fleet/payloads.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { errorReport } from "./samples.ts";

const owner = { fleet: "lab", device: "kiosk-17" };
const event = (seq: number) =>
  eventMessage(owner, "error", errorEventPayload(errorReport, { seq, boot: "b", nowMs: 0 }));

function startLab() {
  const folder = mkdtempSync(join(tmpdir(), "outbox-"));
  const path = join(folder, "outbox", "journal");
  const clock = new ManualClock();
  const faults: (Fault | null)[] = [];
  const log: string[] = [];
  const note = (message: string) => void log.push(message);
  const logger = { debug: note, info: note, warn: note, error: note };
  return {
    path,
    clock,
    faults,
    log,
    open: () => openOutboxFile(path, clock, logger, (fault) => faults.push(fault)),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

const seqs = (restored: readonly { readonly payload: unknown }[]) =>
  restored.map(({ payload }) =>
    typeof payload === "object" && payload !== null && "seq" in payload ? payload.seq : 0,
  );

function filled(...numbers: readonly number[]): Outbox {
  return numbers.reduce<Outbox>((outbox, seq) => put(outbox, event(seq), false), emptyOutbox);
}

test("what waits is there after a restart, whole, in its order, for the owner's eyes only", async () => {
  using lab = startLab();
  const file = lab.open();
  file.follow(filled(1, 2, 3).every);
  await file.flush();
  assert.equal(statSync(lab.path).mode & 0o777, 0o600);
  assert.equal(statSync(join(lab.path, "..")).mode & 0o777, 0o700);
  const again = lab.open();
  assert.deepEqual(
    again.restored,
    [1, 2, 3].map(event).map(({ topic, payload }) => ({ topic, payload })),
  );
});

test("what is delivered soon never touches the disk", async () => {
  using lab = startLab();
  const file = lab.open();
  const outbox = filled(1);
  file.follow(outbox.every);
  lab.clock.advance(200);
  file.follow(settle(outbox, 1).every);
  await file.flush();
  assert.throws(() => statSync(lab.path), /ENOENT/);
  assert.deepEqual(lab.faults, [null]);
});

test("later changes are appended, and an outbox that is empty empties the file", async () => {
  using lab = startLab();
  const file = lab.open();
  let outbox = filled(1, 2);
  file.follow(outbox.every);
  await file.flush();
  const first = readFileSync(lab.path, "utf8");
  outbox = put(settle(outbox, 1), event(3), false);
  file.follow(outbox.every);
  await file.flush();
  assert.ok(readFileSync(lab.path, "utf8").startsWith(first));
  assert.deepEqual(seqs(lab.open().restored), [2, 3]);
  file.follow(settle(settle(outbox, 2), 3).every);
  await file.flush();
  assert.equal(statSync(lab.path).size, 0);
  assert.deepEqual(lab.open().restored, []);
});

test("a file that was cut off is written anew before anything is added to it", async () => {
  using lab = startLab();
  const file = lab.open();
  file.follow(filled(1).every);
  await file.flush();
  appendFileSync(lab.path, "0123abcd {half a li");
  const after = lab.open();
  assert.deepEqual(seqs(after.restored), [1]);
  after.follow(filled(1, 2).every);
  await after.flush();
  assert.deepEqual(seqs(lab.open().restored), [1, 2]);
  assert.deepEqual(lab.log, []);
});

test("lines that cannot be read are left out, and told", async () => {
  using lab = startLab();
  const file = lab.open();
  file.follow(filled(1).every);
  await file.flush();
  writeFileSync(lab.path, `no line of ours\n${readFileSync(lab.path, "utf8")}`);
  assert.deepEqual(seqs(lab.open().restored), [1]);
  assert.deepEqual(lab.log, ["messages from before the restart cannot be read"]);
});

test("a disk that cannot be written is told, tried again by itself, and told when it is well", async () => {
  using lab = startLab();
  const blocked = join(lab.path, "..");
  writeFileSync(blocked, "a file in the folder's place");
  const file = lab.open();
  file.follow(filled(1).every);
  await file.flush();
  assert.equal(lab.faults.at(-1)?.code, "disk-denied");
  assert.match(lab.faults.at(-1)?.message ?? "", /journal cannot be written/);
  rmSync(blocked);
  lab.clock.advance(30_000);
  await file.flush();
  assert.equal(lab.faults.at(-1), null);
  assert.deepEqual(seqs(lab.open().restored), [1]);
  file.close();
  assert.equal(lab.clock.pending, 0);
});
