import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { dirname } from "node:path";
import { describe, test } from "node:test";
import { Terminal } from "../../scripts/terminal.ts";
import { systemClock } from "../../src/base/clock.ts";
import { shortestSeconds } from "../../src/cli/demo/story.ts";
import { openAlsaRoom } from "../../src/simulator/alsa-room.ts";
import { numberSamples, plainNumbers } from "../../src/simulator/numbers.ts";
import { Folder, main, plainEnvironment, Running, sisAgent } from "../cli/process.ts";
import { eventually, missing, processesWith } from "./lab/processes.ts";

const noRecorder = missing("arecord");
const seconds = String(shortestSeconds);
const environment = (folder: Folder, extra: Readonly<Record<string, string>> = {}) =>
  plainEnvironment({ TMPDIR: folder.path, ...extra });

/** Nothing is left of the demo that had this folder for its temporary files. */
async function assertGone(folder: Folder): Promise<void> {
  assert.deepEqual(readdirSync(folder.path), []);
  await eventually(() => processesWith(folder.path).length === 0, "all processes are gone");
}

function summaryOf(stdout: string): Record<string, unknown> {
  assert.match(stdout, /^\{[^\n]*\}\n$/, "one line, and nothing else");
  const summary: unknown = JSON.parse(stdout);
  assert.ok(typeof summary === "object" && summary !== null);
  return { ...summary };
}

/** What a story of 12 s must come to, whatever the machine. */
function assertKept(summary: Record<string, unknown>, capture: string): void {
  const words = 8;
  const { reconnects, alarms, ...others } = summary;
  assert.deepEqual(others, {
    words: { sent: words, heard: words, lost: 0, doubled: 0 },
    errors: 1,
    fatal_errors: 1,
    capture,
  });
  assert.ok(typeof reconnects === "number" && reconnects >= 1);
  assert.ok(typeof alarms === "object" && alarms !== null && "raised" in alarms && "cleared" in alarms);
  assert.ok(Number(alarms.raised) >= 1);
  assert.equal(alarms.cleared, alarms.raised);
}

/** The story, in order, each turn with its beginning. */
const turns = [
  /heard 0001/,
  /▌ The service answers ERROR SIS\.0305/,
  /agent ERROR SIS\.0305/,
  /fleet sis\/v1\/demo\/\S+\/up\/event\/error \{"resp_type":"ERROR"/,
  /▌ The service answers FATAL_ERROR SIS\.0303/,
  /agent FATAL_ERROR SIS\.0303/,
  /fleet \S+\/up\/alarm\/service \{"status":"active"/,
  /▌ The service is back/,
  /heard \d{4} {2}spoken at [\d:.]+, [\d.]+ s ago: it waited in the agent/,
  /fleet \S+\/up\/alarm\/service \{"status":"cleared"/,
  /fleet \S+\/up\/state \{"online":false/,
  /✓ Every one of the 8 words was heard, once/,
];

function assertStory(text: string): void {
  let from = 0;
  for (const turn of turns) {
    const found = turn.exec(text.slice(from));
    assert.ok(found !== null, `${turn} is missing, or comes too early:\n${text}`);
    from += found.index;
  }
}

describe("the demo", { concurrency: true }, () => {
  test("records through a real arecord and keeps its promise", { skip: noRecorder, timeout: 150_000 }, async () => {
    await using folder = await Folder.with({});
    const { code, stdout, stderr } = await sisAgent(["demo", "--seconds", seconds, "--json"], {
      env: environment(folder),
    });
    assertKept(summaryOf(stdout), "arecord");
    assert.equal(code, 0);
    assertStory(stderr);
    assert.match(stderr, /agent records: arecord, device room/);
    assert.ok(!stderr.includes("\u001b"), "no escape sequences where no terminal is");
    await assertGone(folder);
  });

  test("plays a file where arecord is not installed, and says so", { timeout: 150_000 }, async () => {
    await using folder = await Folder.with({});
    const env = environment(folder, { PATH: dirname(process.execPath) });
    const { code, stdout, stderr } = await sisAgent(["demo", "--seconds", seconds, "--json"], { env });
    assertKept(summaryOf(stdout), "file");
    assert.equal(code, 0);
    assertStory(stderr);
    assert.match(stderr, /a sound file, .* because arecord is not installed/);
    await assertGone(folder);
  });

  test("records a device that is named; nobody knows then how many words there were", {
    skip: noRecorder,
    timeout: 150_000,
  }, async () => {
    await using folder = await Folder.with({});
    const sound = (from: number, count: number) => numberSamples(from, count, plainNumbers(16_000));
    await using room = await openAlsaRoom({ sampleRate: 16_000, sound, clock: systemClock });
    const args = ["demo", "--seconds", seconds, "--json", "--device", room.device];
    const { code, stdout } = await sisAgent(args, { env: environment(folder, room.env) });
    const { words, capture } = summaryOf(stdout);
    assert.ok(typeof words === "object" && words !== null && "heard" in words);
    assert.ok(Number(words.heard) >= 8, stdout);
    assert.deepEqual({ ...words, heard: "some" }, { sent: null, heard: "some", lost: null, doubled: 0 });
    assert.deepEqual([code, capture], [0, "arecord"]);
    await assertGone(folder);
  });

  test("says why there is no sound", { skip: noRecorder, timeout: 150_000 }, async () => {
    await using folder = await Folder.with({});
    const { code, stdout, stderr } = await sisAgent(["demo", "--json", "--device", "nosuch"], {
      env: environment(folder),
    });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /\nno sound within 15 s: device nosuch [^\n]+\n[^\n]*arecord -L[^\n]*\n$/);
    await assertGone(folder);
  });

  for (const [signal, expected] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    test(`${signal} ends it cleanly and soon`, { timeout: 150_000 }, async () => {
      await using folder = await Folder.with({});
      await using demo = new Running(main, ["demo"], { env: environment(folder) });
      await demo.until(() => demo.stdout.includes("heard 0001"));
      const askedMs = performance.now();
      demo.child.kill(signal);
      const { code, stdout, stderr } = await demo.ended();
      assert.ok(performance.now() - askedMs < 4_500, `took ${performance.now() - askedMs} ms`);
      assert.deepEqual([code, stderr], [expected, ""]);
      assert.match(stdout, /\nCalled off: [^\n]+\n$/);
      await assertGone(folder);
    });
  }

  test("ends when nobody reads it any more", { timeout: 150_000 }, async () => {
    await using folder = await Folder.with({});
    await using demo = new Running(main, ["demo"], { env: environment(folder) });
    await demo.until(() => demo.stdout.includes("heard 0001"));
    demo.child.stdout?.destroy();
    assert.equal((await demo.ended()).code, 1);
    await assertGone(folder);
  });
});

/** The longest run of numbers that become smaller and smaller. */
function falling(numbers: readonly number[]): number {
  let longest = 0;
  let run = 0;
  for (const [index, number] of numbers.entries()) {
    run = number < (numbers[index - 1] ?? Number.POSITIVE_INFINITY) ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

test("in a terminal, a status area counts the back-off down; Ctrl-C gives the terminal back", {
  skip: missing("script", "stty"),
  timeout: 150_000,
}, async () => {
  await using folder = await Folder.with({});
  const command = `stty cols 90 rows 40; exec '${process.execPath}' '${main}' demo --seconds ${seconds}`;
  const env = environment(folder, { TERM: "xterm-256color", SHELL: "/bin/sh" });
  const script = spawn("script", ["-qec", command, "/dev/null"], { env, stdio: ["pipe", "pipe", "inherit"] });
  using _kill = { [Symbol.dispose]: () => void script.kill("SIGKILL") };
  const ended = once(script, "close");
  const terminal = new Terminal(90);
  let written = "";
  const countdown = () => [...written.matchAll(/next attempt in (\d\.\d) s/g)].map(([, left]) => Number(left));
  const shown = [
    /\n── ▲ 1 alarm ─+ 0:\d\d of 0:12 ──\n ◌ backing-off next attempt in \d\.\d s ▕/,
    /\n sound {2}▕.*▏ .* said \d+ · heard \d+/,
    /heard 0001 {2}spoken at \d\d:\d\d:\d\d\.\d\n/,
  ];
  let during: string | null = null;
  const inOutage = Promise.withResolvers<void>();
  script.stdout.setEncoding("utf8").on("data", (text: string) => {
    written += text;
    terminal.write(text);
    // The alarm comes two seconds after the FATAL_ERROR, when the service is still shut. What is written may come in parts.
    if (!shown.every((each) => each.test(terminal.text)) || falling(countdown()) < 5) return;
    during ??= terminal.text;
    inOutage.resolve();
  });
  await Promise.race([inOutage.promise, ended]);

  for (const each of shown) assert.match(during ?? terminal.text, each);
  assert.ok(falling(countdown()) >= 5, `counts down: ${countdown().join(" ")}`);
  assert.ok(written.includes("\u001b[32mheard"), "in colour");
  assert.equal(terminal.cursorIsShown, false);

  const askedMs = performance.now();
  script.stdin.write("\u0003");
  await ended;
  assert.ok(performance.now() - askedMs < 4_500, `took ${performance.now() - askedMs} ms`);
  assert.equal(script.exitCode, 130);
  assert.equal(terminal.cursorIsShown, true);
  assert.match(terminal.text, /\nCalled off: [^\n]+\n$/);
  assert.doesNotMatch(terminal.text, /next attempt|─{10}/);
  await assertGone(folder);
});
