import assert from "node:assert/strict";
import type { Word } from "../../lab/service-lab.ts";
import { beginMs, type EarLab } from "./ear-lab.ts";
import { common, type Stretch } from "./ear-rights.ts";

function within({ fromMs, toMs }: Stretch, stretches: readonly Stretch[]): number {
  const sum = stretches.flatMap((each) => common(each, { fromMs, toMs }));
  return merged(sum).reduce((all, each) => all + each.toMs - each.fromMs, 0);
}

function merged(stretches: readonly Stretch[]): readonly Stretch[] {
  const all: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of stretches.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = all.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else all.push({ fromMs, toMs });
  }
  return all;
}

/** What must be so of all that has happened to a device, once all is recognised and it has stopped. */
export function judge(lab: EarLab, words: readonly Word[]): void {
  const { rights } = lab;
  const { ledger } = lab.told;
  for (const [where, stretches] of [
    ["the service", lab.sent],
    ["the disk", lab.kept],
  ] as const) {
    for (const { fromMs, toMs } of merged(stretches))
      for (let at = fromMs; at < toMs; at += 1)
        assert.ok(rights.mayBeHeard(at, lab.roomMs), `${at} ms reaches ${where} (${fromMs} to ${toMs})`);
  }
  const lost = lab.gaps
    .filter(({ cause }) => cause !== "capture" && cause !== "overrun")
    .map(({ fromMs, toMs }) => ({ fromMs: fromMs - beginMs, toMs: toMs - beginMs }));
  const sent = merged(lab.sent);
  for (const each of merged(rights.must)) {
    const excused = merged([...sent, ...lost, ...lab.crashed]);
    const missing = each.toMs - each.fromMs - within(each, excused);
    assert.ok(missing < 1, `${missing} ms of ${each.fromMs} to ${each.toMs} were sent to nobody`);
  }
  const heard: number[] = [];
  const ids = new Map<string, number>();
  for (const { transcript, run } of lab.transcripts) {
    const { id, text, startMs } = transcript;
    const values = text.split(" ").map(Number);
    const fresh = values.filter((value) => !heard.includes(value));
    const before = ids.get(id);
    ids.set(id, run);
    if (before === undefined) assert.deepEqual(fresh, values, `${text} is told again, as ${id}`);
    else assert.ok(run > before && lab.crashes > 0, `${id} twice`);
    heard.push(...fresh);
    const first = words[(values[0] ?? 0) - 1];
    assert.ok(first !== undefined, text);
    const lateMs = startMs - beginMs - first.startMs;
    assert.ok(lateMs >= -2 && lateMs <= first.endMs - first.startMs + 2, `${text} at its time, not ${lateMs} ms later`);
  }
  assert.deepEqual(
    heard,
    heard.toSorted((a, b) => a - b),
    "in order",
  );
  const isSet = new Set(heard);
  for (const { value, startMs: fromMs, endMs: toMs } of words) {
    const word = { fromMs, toMs };
    const lastsMs = toMs - fromMs;
    const cuts = lab.cuts.filter((cut) => common(word, cut).length > 0).length;
    const excused = within(word, [...lost, ...lab.crashed]) > 0 || cuts > 1;
    if (within(word, rights.must) >= lastsMs && !excused)
      assert.ok(isSet.has(value), `${value}, at ${fromMs} ms, is heard`);
    if (within(word, rights.delivered) < lastsMs / 2)
      assert.ok(!isSet.has(value), `${value}, at ${fromMs} ms, is not heard`);
  }
  assert.ok(ledger !== null);
  assert.equal(ledger.pendingMs, 0);
  if (lab.crashes === 0) assert.deepEqual(lab.told.unanswered(lab.commands), []);
}
