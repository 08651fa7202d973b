import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { Folder, main, Running, sisAgent } from "./process.ts";

interface Listening {
  readonly type: string;
  readonly port: number;
  readonly url: string;
  readonly http_url: string;
  readonly control: string;
  readonly auth: string;
}

/** Starts `sis-agent simulate` and waits for its first line. */
async function simulate(args: readonly string[]) {
  const running = new Running(main, ["simulate", "--port", "0", ...args]);
  await running.until(() => running.stdout.includes("\n"));
  const facts = JSON.parse(running.stdout.slice(0, running.stdout.indexOf("\n"))) as Listening;
  return { running, facts, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

async function say(url: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const ws = new WebSocket(`${url}/v1/p/rasr/continue-stream`, { headers: { ...headers } });
  await once(ws, "open");
  ws.send(JSON.stringify({ command: "START", config: { audio_format: "pcm8k16bit", property: "chinese_8k_common" } }));
  const [data] = (await once(ws, "message")) as [Buffer];
  ws.terminate();
  return JSON.parse(data.toString());
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`the first line tells the port; ${signal} ends it with exit code 0, connections or not`, async () => {
    await using service = await simulate([]);
    const { facts, running } = service;
    assert.equal(facts.type, "listening");
    assert.equal(facts.url, `ws://127.0.0.1:${facts.port}`);
    assert.equal((await fetch(facts.control)).status, 200);
    assert.equal(Reflect.get(Object(await say(facts.url)), "resp_type"), "START");
    const ws = new WebSocket(`${facts.url}/v1/p/rasr/continue-stream`);
    await once(ws, "open");
    const closed = once(ws, "close");
    running.child.kill(signal);
    const { code, stdout, stderr } = await running.ended();
    await closed;
    assert.equal(code, 0);
    assert.equal(stdout.trimEnd().split("\n").length, 1, "one line on stdout");
    for (const line of stderr.trimEnd().split("\n")) assert.ok("level" in Object(JSON.parse(line)), line);
  });
}

test("faults, accounts and limits from the command line", async () => {
  await using folder = await Folder.with({
    "faults.json": JSON.stringify([{ at: { session: 1 }, fault: { kind: "error-on-start", code: "SIS.0033" } }]),
    "accounts.json": JSON.stringify({ tokens: ["mine"] }),
  });
  const files = ["--faults", folder.of("faults.json"), "--accounts", folder.of("accounts.json")];
  await using service = await simulate([
    ...files,
    "--auth",
    "token",
    "--limit-idle-s",
    "2",
    "--clock-offset-s",
    "-1200",
  ]);
  const { facts } = service;
  assert.equal(facts.auth, "token");
  assert.equal(Reflect.get(Object(await say(facts.url, { "X-Auth-Token": "mine" })), "error_code"), "SIS.0033");
  await assert.rejects(say(facts.url), /401/);
  const ws = new WebSocket(`${facts.url}/v1/p/rasr/short-stream`, { headers: { "X-Auth-Token": "mine" } });
  const [data] = (await once(ws, "message")) as [Buffer];
  assert.match(data.toString(), /FATAL_ERROR.*SIS\.0304/);
  await once(ws, "close");
  const { headers } = await fetch(facts.control);
  assert.ok(Math.abs(Date.parse(headers.get("date") ?? "") + 1_200_000 - Date.now()) < 5000);
});

test("files that are wrong are named, exit code 78", async () => {
  await using folder = await Folder.with({
    "bad.json": "{",
    "faults.json": '[{"fault":"reset"},{"fault":"explode"}]',
    "accounts.json": '{"acess_keys":{}}',
  });
  for (const [args, told] of [
    [["--faults", folder.of("nowhere.json")], /nowhere\.json does not exist/],
    [["--faults", folder.of("bad.json")], /bad\.json is not valid JSON/],
    [["--faults", folder.of("faults.json")], /faults\.json: faults\[1\]\.fault\.kind: allowed are error, /],
    [["--accounts", folder.of("accounts.json")], /accounts\.json: accounts: .*acess_keys/],
  ] as const) {
    const { code, stdout, stderr } = await sisAgent(["simulate", ...args]);
    assert.deepEqual([code, stdout], [78, ""]);
    assert.match(stderr, told);
  }
});

for (const [args, told] of [
  [["--host", "0.0.0.0"], "--allow-network"],
  [["--host", "example.org"], "--allow-network"],
  [["--port", "65536"], "from 0 to 65535"],
  [["--auth", "password"], "Allowed choices are none, token, aksk, any."],
  [["--limit-idle-s", "0"], "more than 0"],
  [["--voice-level", "3"], "From -100 to 0."],
  [["--clock-offset-s", "soon"], "Seconds."],
  [["--sentence-end", "never"], "Allowed choices are auto, wait."],
] as const) {
  test(`simulate ${args.join(" ")} is bad usage, exit code 2`, async () => {
    const { code, stdout, stderr } = await sisAgent(["simulate", ...args]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.ok(stderr.includes(told), stderr);
  });
}

test("another address than this machine's own is allowed by name, with a warning", async () => {
  await using service = await simulate(["--host", "0.0.0.0", "--allow-network"]);
  const { running } = service;
  await running.until(() => running.stderr.includes("can be reached"));
  assert.match(running.stderr, /"level":"warn"/);
});

test("a port that is taken is a failure that says so, and no more", async () => {
  await using service = await simulate([]);
  const { port } = service.facts;
  const { code, stdout, stderr } = await sisAgent(["simulate", "--port", String(port)]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.equal(
    stderr,
    `port ${port} on 127.0.0.1 is in use by another program\nChoose another port, or --port 0 for any that is free.\n`,
  );
});

for (const [host, told] of [
  ["nosuchhost.invalid", /^the host nosuchhost\.invalid (is not known|cannot be looked up: .*)\nCheck --host: .*\n$/],
  ["192.0.2.1", /^192\.0\.2\.1 is not an address of this machine\nCheck --host: .*\n$/],
] as const) {
  test(`a host that is not this machine is a failure that says so: ${host}`, async () => {
    const { code, stdout, stderr } = await sisAgent(["simulate", "--host", host, "--allow-network"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, told);
  });
}
