import assert from "node:assert/strict";
import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { jsonSchemas } from "../../src/fleet/schema.ts";
import { Folder, Running } from "./process.ts";

const script = fileURLToPath(new URL("fixtures/run.ts", import.meta.url));

/** A process of `sis-agent run` whose agent plays a part. */
async function run(part: string, args: readonly string[] = [], options: SpawnOptions = {}) {
  const toml = `device_id = "d"\nsis.endpoint = "ws://127.0.0.1:9"\nsis.project_id = "p"\nsis.property = "${part}"\n`;
  const folder = await Folder.with({ "agent.toml": toml });
  const running = new Running(script, ["run", "--config", folder.of("agent.toml"), ...args], options);
  return {
    running,
    file: folder.of("agent.toml"),
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function entries(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const value: unknown = JSON.parse(line);
      assert.ok(typeof value === "object" && value !== null, line);
      return { ...value };
    });
}

const messages = (text: string) => entries(text).map(({ msg }) => msg);

test("an agent that finishes ends the process with 0, its transcripts printed, nothing else on stdout", async () => {
  await using lab = await run("finishes", ["--stdout", "jsonl"]);
  const { code, stdout, stderr } = await lab.running.ended();
  assert.equal(code, 0);
  const [one, two, ...more] = entries(stdout);
  assert.deepEqual(more, []);
  assert.equal(two?.["text"], "two");
  const { ts, ...rest } = one ?? {};
  assert.match(String(ts), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(rest, {
    type: "transcript",
    v: 1,
    id: "s.1",
    start: "2023-11-14T22:13:21.000Z",
    end: "2023-11-14T22:13:21.500Z",
    text: "one",
    score: 0.9,
    final: true,
    words: [{ word: "one", start: "2023-11-14T22:13:20.000Z", end: "2023-11-14T22:13:20.500Z" }],
    property: "chinese_16k_general",
    trace_id: null,
    session: "x-1",
    resumed: false,
  });
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile({
    ...jsonSchemas().get("transcript"),
    additionalProperties: true,
  });
  assert.ok(validate(one), JSON.stringify(validate.errors));
  assert.deepEqual(messages(stderr), ["started"]);
});

test("without --stdout nothing is printed", async () => {
  await using lab = await run("finishes");
  const { code, stdout } = await lab.running.ended();
  assert.deepEqual([code, stdout], [0, ""]);
});

test("the log level comes from the flag, before the environment, before the file", async () => {
  await using flag = await run("finishes", ["--log-level", "debug"], {
    env: { ...process.env, SIS_AGENT_LOG_LEVEL: "error" },
  });
  assert.deepEqual(messages((await flag.running.ended()).stderr), ["started", "details"]);
  await using environment = await run("finishes", [], { env: { ...process.env, SIS_AGENT_LOG_LEVEL: "error" } });
  assert.equal((await environment.running.ended()).stderr, "");
});

test("a source of sound that can never work is told with what to do; exit code 1", async () => {
  await using lab = await run("fails");
  const { code, stderr } = await lab.running.ended();
  const { level, msg, code: fault, hint } = entries(stderr).at(-1) ?? {};
  assert.deepEqual(
    [code, level, msg, fault, hint],
    [1, "error", "the file holds no sound", "source-unusable", "Take another file."],
  );
});

test("settings that the agent itself refuses: exit code 78", async () => {
  await using lab = await run("throws");
  const { code, stderr } = await lab.running.ended();
  assert.deepEqual([code, messages(stderr).at(-1)], [78, "this can never work"]);
});

test("a mistake of ours is logged with its stack; exit code 1", async () => {
  await using lab = await run("breaks");
  const { code, stderr } = await lab.running.ended();
  const { msg, code: fault, stack } = entries(stderr).at(-1) ?? {};
  assert.deepEqual([code, msg, fault], [1, "undefined is not a function", "internal"]);
  assert.match(String(stack), /fixtures\/run\.ts/);
});

test("a bad configuration is told a problem a line; exit code 78", async () => {
  await using lab = await run("bad property!", [], { env: { ...process.env, SIS_AGENT_SIS__CHUNK_MS: "1" } });
  const { code, stdout, stderr } = await lab.running.ended();
  assert.deepEqual([code, stdout], [78, ""]);
  const problems = entries(stderr);
  assert.deepEqual(
    problems.map(({ level, key, line, variable }) => ({ level, key, line, variable })),
    [
      { level: "error", key: "sis.property", line: 4, variable: undefined },
      { level: "error", key: "sis.chunk_ms", line: undefined, variable: "SIS_AGENT_SIS__CHUNK_MS" },
    ],
  );
  assert.match(String(problems[0]?.["msg"]), /agent\.toml:4: sis\.property: found "bad property!"; allowed: /);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} stops the agent in good order: exit code 0, its last words printed`, async () => {
    await using lab = await run("drains", ["--stdout", "jsonl"]);
    await lab.running.until(() => lab.running.stderr.includes("started"));
    lab.running.child.kill("SIGHUP");
    await lab.running.until(() => lab.running.stderr.includes("nothing else has changed"));
    lab.running.child.kill(signal);
    const { code, stdout, stderr } = await lab.running.ended();
    assert.equal(code, 0);
    assert.equal(entries(stdout)[0]?.["text"], "last words");
    const asked = entries(stderr).find(({ msg }) => msg === "asked to stop");
    assert.equal(asked?.["reason"], `signal ${signal}`);
  });
}

test("SIGHUP takes secrets over, names the settings that want a restart, and changes nothing where they are not fit", async () => {
  await using lab = await run("stays");
  const { running, file } = lab;
  await running.until(() => running.stderr.includes("started"));
  const before = await readFile(file, "utf8");
  await writeFile(file, `${before}sis.chunk_ms = 7\n`);
  running.child.kill("SIGHUP");
  await running.until(() => running.stderr.includes("goes on with what it has"));
  assert.ok(!messages(running.stderr).includes("renewed"));
  assert.match(running.stderr, /agent\.toml:5: sis\.chunk_ms: found 7; allowed/);
  await writeFile(file, `${before}sis.chunk_ms = 200\nlog_level = "warn"\n`);
  running.child.kill("SIGHUP");
  await running.until(() => running.stderr.includes("restart the agent for the rest"));
  const told = entries(running.stderr);
  assert.deepEqual(told.at(-2)?.["method"], "none");
  assert.equal(told.at(-1)?.["changed"], "log_level, sis.chunk_ms");
  running.child.kill("SIGTERM");
  assert.equal((await running.ended()).code, 0);
});

test("a signal that comes while the agent starts stops it as soon as it has", async () => {
  await using lab = await run("slow-to-start");
  await lab.running.until(() => lab.running.stderr.includes("started"));
  lab.running.child.kill("SIGTERM");
  const { code, stderr } = await lab.running.ended();
  assert.deepEqual([code, messages(stderr)], [0, ["started", "stopping", "asked to stop"]]);
});

test("a stop that hangs is left unfinished within 5 s", async () => {
  await using lab = await run("hangs");
  await lab.running.until(() => lab.running.stderr.includes("started"));
  const begun = performance.now();
  lab.running.child.kill("SIGTERM");
  const { code, stderr } = await lab.running.ended();
  const tookMs = performance.now() - begun;
  assert.ok(tookMs > 4000 && tookMs < 20_000, `${tookMs} ms`);
  assert.equal(code, 0);
  const last = entries(stderr).at(-1);
  assert.equal(last?.["msg"], "stopping takes too long: leaving unfinished");
  // What the end itself takes is the machine's affair.
  assert.equal(last["limitMs"], 4500);
});

test("a second signal ends it at once", async () => {
  await using lab = await run("hangs");
  await lab.running.until(() => lab.running.stderr.includes("started"));
  lab.running.child.kill("SIGTERM");
  await lab.running.until(() => lab.running.stderr.includes("asked to stop"));
  const begun = performance.now();
  lab.running.child.kill("SIGINT");
  const { code } = await lab.running.ended();
  assert.equal(code, 1);
  assert.ok(performance.now() - begun < 4000);
});

test("a reader of transcripts that goes away never stops the agent", async () => {
  await using lab = await run("talks", ["--stdout", "jsonl"]);
  await lab.running.until(() => lab.running.stdout.includes("number 3"));
  lab.running.child.stdout?.destroy();
  await lab.running.until(() => lab.running.stderr.includes("is gone"));
  const { level, code } = entries(lab.running.stderr).at(-1) ?? {};
  assert.deepEqual([level, code], ["warn", "EPIPE"]);
  lab.running.child.kill("SIGTERM");
  const { code: exitCode, stderr } = await lab.running.ended();
  assert.equal(exitCode, 0);
  assert.equal(messages(stderr).filter((message) => String(message).includes("is gone")).length, 1, "told once");
});

test("a reader of the log that goes away never stops the agent", async () => {
  await using lab = await run("talks", ["--stdout", "jsonl"]);
  await lab.running.until(() => lab.running.stdout.includes("number 3"));
  lab.running.child.stderr?.destroy();
  lab.running.child.kill("SIGHUP"); // makes it log
  await lab.running.until(() => lab.running.stdout.includes("number 30"));
  lab.running.child.kill("SIGTERM");
  assert.equal((await lab.running.ended()).code, 0);
});

test("a reader of transcripts that stands still never blocks the agent; what is dropped is counted", async () => {
  // The reader is a pipe that nobody reads; only the log is watched.
  await using lab = await run("floods", ["--stdout", "jsonl"], { stdio: ["ignore", "pipe", "pipe"] });
  lab.running.child.stdout?.pause();
  lab.running.child.stdout?.removeAllListeners("data");
  await lab.running.until(() => lab.running.stderr.includes("flooded"));
  const flooded = entries(lab.running.stderr).find(({ msg }) => msg === "flooded");
  assert.ok(Number(flooded?.["longestBreakMs"]) < 5000, JSON.stringify(flooded));
  assert.match(lab.running.stderr, /too slow/);
  // It reads on: what is left is the newest, in order, whole lines.
  let text = "";
  lab.running.child.stdout?.on("data", (piece: string) => {
    text += piece;
  });
  lab.running.child.stdout?.resume();
  await lab.running.until(() => lab.running.stderr.includes("transcripts were dropped"));
  lab.running.child.kill("SIGTERM");
  const { code, stderr } = await lab.running.ended();
  assert.equal(code, 0);
  const dropped = Number(entries(stderr).find(({ msg }) => msg === "transcripts were dropped")?.["lines"]);
  const heard = entries(text).map(({ id }) => Number(String(id).slice(2)));
  assert.equal(heard.length + dropped, 6400, "read and dropped are all there were");
  assert.ok(heard.length > 1000, "16 MiB were kept");
  assert.deepEqual(
    heard,
    heard.toSorted((one, other) => one - other),
  );
  assert.equal(heard.at(-1), 6399);
});

test("a full disk behind stdout never stops the agent; what was lost is told once", async () => {
  await using full = await open("/dev/full", "w");
  await using lab = await run("finishes", ["--stdout", "jsonl"], { stdio: ["ignore", full.fd, "pipe"] });
  const { code, stderr } = await lab.running.ended();
  assert.equal(code, 0);
  const told = entries(stderr).filter(({ level }) => level === "warn");
  assert.equal(told.length, 2);
  assert.deepEqual([told[1]?.["msg"], told[1]?.["lines"]], ["transcripts were dropped", 2]);
});

for (const kind of ["exception", "rejection"]) {
  test(`an ${kind} that nothing catches is one line of the log; exit code 1`, async () => {
    const crash = fileURLToPath(new URL("fixtures/crash.ts", import.meta.url));
    await using running = new Running(crash, [kind]);
    const { code, stderr } = await running.ended();
    assert.equal(code, 1);
    assert.equal(stderr.trimEnd().split("\n").length, 1);
    const [{ level, msg, stack } = {}] = entries(stderr);
    assert.equal(level, "error");
    assert.match(String(msg), /^crashed: nobody /);
    assert.match(String(stack), /crash\.ts/);
  });
}

test("the log is for people where standard error is a terminal", async () => {
  const command = `'${process.execPath}' '${script}' run --config /nowhere/agent.toml`;
  const child = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["ignore", "pipe", "inherit"] });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
  });
  assert.deepEqual(await once(child, "close"), [78, null]);
  assert.ok(shown.includes("\u001b[31mERROR\u001b[0m /nowhere/agent.toml: does not exist "), shown);
});
