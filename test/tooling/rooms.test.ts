import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { importProblem } from "../../scripts/lint/plugin.ts";
import { libraries, rooms } from "../../scripts/lint/rooms.ts";

test("every room of src/ is in the table", () => {
  const missing = readdirSync(path.join(import.meta.dirname, "../../src")).filter((name) => !(name in rooms));
  assert.deepEqual(missing, []);
});

test("the table has no cycle, types included", () => {
  const visit = (room: string, way: readonly string[]): void => {
    assert.ok(!way.includes(room), [...way, room].join(" → "));
    const row = rooms[room];
    assert.ok(row !== undefined, `${room} is imported, but has no row`);
    for (const next of [...row.all, ...row.types]) visit(next, [...way, room]);
  };
  for (const room of Object.keys(rooms)) visit(room, []);
});

test("libraries are given to rooms that exist in the table", () => {
  for (const place of Object.values(libraries).flat()) assert.ok((place.split("/", 1)[0] ?? "") in rooms, place);
});

for (const [file, specifier, allowed] of [
  ["base/fault.ts", "./clock.ts", "all"],
  ["base/fault.ts", "node:util", "all"],
  ["base/fault.ts", "../audio/source.ts", "nothing"],
  ["audio/log.ts", "../base/clock.ts", "all"],
  ["audio/log.ts", "../sis/link.ts", "nothing"],
  ["audio/wav/reader.ts", "../../base/clock.ts", "all"],
  ["audio/wav/reader.ts", "../source.ts", "all"],
  ["audio/wav/reader.ts", "../../sis/link.ts", "nothing"],
  ["fleet/alarms.ts", "../recognition/report.ts", "types"],
  ["fleet/alarms.ts", "./../recognition/report.ts", "types"],
  ["fleet/alarms.ts", "../config/schema.ts", "nothing"],
  ["recognition/machine.ts", "../audio/wav/reader.ts", "nothing"],
  ["cli/run.ts", "../agent.ts", "all"],
  ["agent.ts", "./cli/run.ts", "nothing"],
  ["agent.ts", "./audio/log.ts", "all"],
  ["main.ts", "./agent.ts", "nothing"],
  ["main.ts", "./cli/program.ts", "all"],
  ["sis/link.ts", "ws", "all"],
  ["sis/iam.ts", "ws", "nothing"],
  ["sis/link.ts", "ws/lib/sender.js", "all"],
  ["sis/iam.ts", "left-pad", "nothing"],
  ["sis/iam.ts", "@huaweicloud/huaweicloud-sdk-core/auth", "nothing"],
  ["sis/iam.ts", "../../scripts/spread.ts", "nothing"],
  ["garage/car.ts", "node:fs", "nothing"],
] as const) {
  test(`${file} may import ${allowed} of ${specifier}`, () => {
    const answers = { value: importProblem(file, specifier, false), type: importProblem(file, specifier, true) };
    assert.equal(answers.value === null, allowed === "all", answers.value ?? "");
    assert.equal(answers.type === null, allowed !== "nothing", answers.type ?? "");
  });
}
