import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock as clock } from "../../src/base/clock.ts";
import { seededRandom } from "../../src/base/random.ts";
import { sessionBounds } from "../../src/recognition/bounds.ts";
import { Recognizer } from "../../src/recognition/recognizer.ts";
import type { Report } from "../../src/recognition/report.ts";
import { numberSamples, numberWord, plainNumbers } from "../../src/simulator/numbers.ts";
import { openLink } from "../../src/sis/link.ts";
import { rasrUrl } from "../../src/sis/request.ts";
import { inMemory, OpenLog } from "../lab/open-log.ts";
import { plainHabits } from "../lab/other-service/habits.ts";
import { projectId, startOtherService } from "../lab/other-service/service.ts";

const sampleRate = 16_000;
const pieceMs = 100;

test("over real connections, a session every few seconds: every number once, in order, at its time", {
  timeout: 300_000,
}, async () => {
  await using service = await startOtherService({
    ...plainHabits,
    resultDelayMs: (nth) => 100 + ((nth * 270) % 600),
    endDelayMs: 700,
  });
  const reports: Report[] = [];
  const config = { audioFormat: "pcm16k16bit", property: "chinese_16k_general" } as const;
  const limits = { rollInPauseMs: 2_500, rollMs: 12_000, reconnectInPauseMs: 2_500, reconnectMs: 12_000 };
  const log = new OpenLog({ sampleRate, capacityMs: 60_000, live: true, clock, onGap: () => {}, ...inMemory });
  let sessions = 0;
  const recognizer = new Recognizer({
    irregularities: new Map(),
    log,
    dial: (listener, mark) =>
      openLink({ url: rasrUrl(service.endpoint, projectId, "continuous"), headers: {}, clock, listener, mark }),
    credentialsGoodForMs: () => null,
    credentialsRefused() {},
    mode: "continuous",
    config,
    bounds: { ...sessionBounds("continuous", config), ...limits },
    chunkMs: pieceMs,
    encode: (samples) => new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength),
    onSent() {},
    catchUpRate: 3,
    sourceSpeed: 1,
    clock,
    random: seededRandom("live"),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    nextSessionId: () => `${++sessions}`,
    onReport: (report) => reports.push(report),
  });

  const shape = plainNumbers(sampleRate);
  const count = 10;
  const piece = (sampleRate * pieceMs) / 1000;
  log.openStream("live");
  const beginMs = clock.monotonicMs();
  for (let at = 0; at < (count * shape.everyMs) / pieceMs; at += 1) {
    await sleep(Math.max(0, beginMs + (at + 1) * pieceMs - clock.monotonicMs()));
    log.append(numberSamples(at * piece, piece, shape));
    recognizer.audioArrived();
  }
  recognizer.sourceEnded();
  await recognizer.stopped;

  const finals = reports.flatMap((each) =>
    each.type === "transcript" && each.transcript.final ? [each.transcript] : [],
  );
  const expected = Array.from({ length: count }, (_, index) => numberWord(index + 1, shape).text);
  assert.deepEqual(
    finals.flatMap((each) => each.text.split(" ")),
    expected,
  );
  assert.equal(new Set(finals.map((each) => each.id)).size, finals.length);
  for (const { text, startMs } of finals) {
    const inLogMs = startMs - log.wallMs(0);
    const trueMs = numberWord(Number(text.split(" ")[0]), shape).startMs;
    assert.ok(Math.abs(inLogMs - trueMs) <= 100, `${text} at ${inLogMs} ms, not ${trueMs}`);
  }
  assert.deepEqual(
    reports.filter((each) => each.type === "error"),
    [],
  );
  const { requests, violations } = service.chronicle;
  assert.ok(requests.length >= 4, `${requests.length} connections`);
  assert.deepEqual(violations, []);
  assert.deepEqual([log.ledger().lostMs, log.ledger().pendingMs], [0, 0]);
  assert.equal(await service.openConnections(), 0);
});
