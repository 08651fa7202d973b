import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { createLogger, type LogLevel, type LogStyle, logStyle } from "../../src/cli/logging.ts";
import { Folder, plainEnvironment } from "./process.ts";

function lab(level: LogLevel = "debug", style: LogStyle = "json") {
  const lines: string[] = [];
  return { lines, logger: createLogger(level, style, (line) => lines.push(line)) };
}

function entry(line: string | undefined): Record<string, unknown> {
  const value: unknown = JSON.parse(line ?? "");
  assert.ok(typeof value === "object" && value !== null);
  return { ...value };
}

test("a line is JSON: level, time, message, fields", () => {
  const { lines, logger } = lab();
  logger.warn("no sound\nfor a while", { lostMs: 12, device: "hw:1", code: null, gone: undefined });
  assert.equal(lines.length, 1);
  assert.doesNotMatch(lines[0] ?? "\n", /\n/);
  const { time, ...rest } = entry(lines[0]);
  assert.deepEqual(rest, { level: "warn", lostMs: 12, device: "hw:1", code: null, msg: "no sound\nfor a while" });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(Math.abs(Date.now() - Date.parse(String(time))) < 10_000);
});

test("an empty hint is left out", () => {
  const { lines, logger } = lab();
  logger.warn("x", { hint: "", text: "" });
  logger.warn("x", { hint: "plug it in" });
  assert.deepEqual(
    lines.map((line) => [entry(line)["hint"], entry(line)["text"]]),
    [
      [undefined, ""],
      ["plug it in", undefined],
    ],
  );
});

test("less important messages are left out", () => {
  const { lines, logger } = lab("warn");
  logger.debug("1");
  logger.info("2");
  logger.warn("3");
  logger.error("4");
  assert.deepEqual(
    lines.map((line) => entry(line)["msg"]),
    ["3", "4"],
  );
});

test("text in fields that say they are secrets is masked; facts about them are not", () => {
  const { lines, logger } = lab();
  logger.info("x", {
    token: "hunter2",
    authToken: "hunter2",
    "X-Auth-Token": "hunter2",
    secretKey: "hunter2",
    password: "hunter2",
    Authorization: "hunter2",
    access_key: "hunter2",
    privateKey: "hunter2",
    tokenExpiresInMs: 5000,
    hasPassword: true,
    key: "sis.mode",
  });
  assert.doesNotMatch(lines.join(), /hunter2/);
  const { tokenExpiresInMs, hasPassword, key, token } = entry(lines[0]);
  assert.deepEqual([tokenExpiresInMs, hasPassword, key, token], [5000, true, "sis.mode", "***"]);
});

test("fields cannot take the place of the line's own", () => {
  const { lines, logger } = lab();
  logger.info("x", { level: "fatal", time: "never", msg: "y" });
  const { level, msg } = entry(lines[0]);
  assert.deepEqual([level, msg], ["info", "x"]);
});

test("for the journal each line begins with its priority", () => {
  const { lines, logger } = lab("debug", "journal");
  logger.debug("a");
  logger.info("b");
  logger.warn("c");
  logger.error("d");
  assert.deepEqual(
    lines.map((line) => line.slice(0, 4)),
    ["<7>{", "<6>{", "<4>{", "<3>{"],
  );
  assert.equal(entry(lines[3]?.slice(3))["msg"], "d");
});

test("for people a line is plain text, and nothing in it can move their cursor", () => {
  const { lines, logger } = lab("debug", "plain");
  logger.error("cannot\u001b[2J open", { device: "hw:1", text: "two words\n", count: 3, code: null });
  assert.match(
    lines[0] ?? "",
    /^\d\d:\d\d:\d\d\.\d{3} ERROR cannot \[2J open device=hw:1 text="two words " count=3 code=null$/,
  );
  const coloured = lab("debug", "colour");
  coloured.logger.error("x");
  assert.ok(coloured.lines[0]?.endsWith("\u001b[31mERROR\u001b[0m x"), coloured.lines[0]);
});

test("whatever is logged is one line", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
  );
  const styles = fc.constantFrom<LogStyle[]>("json", "journal", "plain", "colour");
  fc.assert(
    fc.property(
      styles,
      fc.string({ unit: "binary" }),
      fc.dictionary(fc.string({ unit: "binary" }), value),
      (style, message, fields) => {
        const { lines, logger } = lab("debug", style);
        logger.info(message, fields);
        assert.equal(lines.length, 1);
        assert.doesNotMatch(lines[0] ?? "\n", /[\n\r]/);
      },
    ),
    { numRuns: 2000, seed: 1 },
  );
});

for (const [environment, isTerminal, style] of [
  [{}, true, "colour"],
  [{ NO_COLOR: "" }, true, "colour"],
  [{ NO_COLOR: "1" }, true, "plain"],
  [{}, false, "json"],
  [{ JOURNAL_STREAM: "1:2" }, false, "json"],
  [{ JOURNAL_STREAM: "garbage" }, false, "json"],
] as const) {
  test(`${JSON.stringify(environment)} on a ${isTerminal ? "terminal" : "pipe"}: ${style}`, () => {
    assert.equal(logStyle(environment, isTerminal), style);
  });
}

/** Writes one error line through the crash reporter, which looks at the process's own standard error. */
async function crashInto(file: string, journalStream: (descriptor: number) => string): Promise<string> {
  const descriptor = openSync(file, "w");
  const script = fileURLToPath(new URL("fixtures/crash.ts", import.meta.url));
  const child = spawn(process.execPath, [script], {
    env: plainEnvironment({ JOURNAL_STREAM: journalStream(descriptor) }),
    stdio: ["ignore", "ignore", descriptor],
  });
  closeSync(descriptor);
  await once(child, "exit");
  return readFileSync(file, "utf8");
}

test("the journal is known by the device and inode of standard error", async () => {
  await using folder = await Folder.with({});
  const streamOf = (descriptor: number) => {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return `${dev}:${ino}`;
  };
  assert.match(await crashInto(folder.of("journal"), streamOf), /^<3>\{"level":"error"/);
  assert.match(await crashInto(folder.of("other"), () => "1:2"), /^\{"level":"error"/);
});
