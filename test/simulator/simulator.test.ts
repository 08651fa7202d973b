import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection } from "node:net";
import { suite, test } from "node:test";
import fc from "fast-check";
import { testAccounts } from "../../src/simulator/accounts.ts";
import { accountNumbers, numberSound, numberWord, plainNumbers } from "../../src/simulator/numbers.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { signRequest } from "../../src/sis/signature.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { plainConfig, startLab } from "./lab.ts";

const numbers = (count: number) => numberSound(count, plainNumbers(16000));
const path = "/v1/project-1/rasr/continue-stream";
const tokenRequest = (password = "device-password", project: object = { name: "cn-north-4" }) =>
  JSON.stringify({
    auth: {
      identity: {
        methods: ["password"],
        password: { user: { name: "device", password, domain: { name: "simulator" } } },
      },
      scope: { project },
    },
  });

suite("sessions", { timeout: 300_000 }, () => {
  test("several on one connection, each with its own times and trace id", async () => {
    await using lab = await startLab();
    const client = await lab.connect();
    const traces = new Set<string | undefined>();
    for (let i = 0; i < 3; i++) {
      traces.add((await client.start({ ...plainConfig, need_word_info: "yes", add_punc: "yes" })).trace_id);
      client.sound(numbers(1));
      const [segment] = (await client.until("RESULT")).segments ?? [];
      const word = numberWord(1, plainNumbers(16000));
      assert.equal(segment?.result?.text, "0001。");
      assert.ok(Math.abs(segment.start_time - word.startMs) <= 20 && Math.abs(segment.end_time - word.endMs) <= 20);
      const [info] = segment.result.word_info ?? [];
      assert.equal(info?.word, "0001");
      assert.ok(Math.abs(info.start_time - word.startMs) <= 20 && Math.abs(info.end_time - word.endMs) <= 20);
      client.send({ command: "END", cancel: false });
      assert.equal((await client.until("END")).reason, "NORMAL");
    }
    assert.equal(traces.size, 3);
  });

  test("interim results have score 0 and are not final", async () => {
    await using lab = await startLab();
    const client = await lab.connect();
    await client.start({ ...plainConfig, interim_results: "yes" });
    client.sound(numbers(3));
    client.send({ command: "END" });
    await client.until("END");
    const segments = client.messages.flatMap((message) => message.segments ?? []);
    const interim = segments.filter((segment) => !segment.is_final);
    assert.ok(interim.length >= 3);
    assert.ok(interim.every((segment) => segment.result?.score === 0));
    assert.deepEqual(client.texts(), ["0001", "0002", "0003"]);
  });

  test("20 s without data: FATAL_ERROR SIS.0304, and the service disconnects; pings are no data", async () => {
    const clock = new ManualClock();
    await using lab = await startLab({ clock });
    const client = await lab.connect();
    clock.advance(19_000);
    await client.start();
    client.sound(new Int16Array(1600));
    await client.settled();
    clock.advance(19_999);
    await client.settled();
    assert.equal(client.types(), "START");
    clock.advance(1);
    const fatal = await client.until("FATAL_ERROR");
    assert.deepEqual([fatal.error_code, fatal.error_msg], ["SIS.0304", "wait voice timeout"]);
    clock.advance(20_000);
    assert.equal((await client.ended).code, 1000);
    const idle = await lab.connect();
    clock.advance(20_000);
    assert.equal((await idle.until("FATAL_ERROR")).error_code, "SIS.0304");
  });

  test("data keeps a connection alive beyond that", async () => {
    const clock = new ManualClock();
    await using lab = await startLab({ clock });
    const client = await lab.connect();
    await client.start();
    for (let i = 0; i < 3; i++) {
      client.sound(new Int16Array(800));
      await client.settled();
      clock.advance(19_999);
    }
    await client.settled();
    assert.equal(client.types(), "START");
  });

  test("the limits of a session are settings", async () => {
    await using lab = await startLab({ limits: { shortMs: 1000, continuousMs: 2000 } });
    for (const [stream, limitMs] of [
      ["short-stream", 1000],
      ["continue-stream", 2000],
    ] as const) {
      const client = await lab.connect(stream);
      await client.start();
      client.sound(numbers(4));
      client.send({ command: "END" });
      await client.until("END");
      const exceeded = client.messages.find((message) => message.event === "EXCEEDED_AUDIO");
      assert.equal(Reflect.get(exceeded ?? {}, "timestamp"), limitMs);
      assert.deepEqual(client.texts().join(" "), stream === "short-stream" ? "0001" : "0001 0002");
    }
  });

  test("what a client does wrong is counted, and what merely crossed is not", async () => {
    await using lab = await startLab();
    const client = await lab.connect();
    const piece = new Int16Array(1600);
    client.sound(piece);
    await client.start();
    client.sound(piece);
    client.send({ command: "START", config: plainConfig });
    client.sound(piece);
    await client.until("END");
    client.sound(piece);
    await client.settled();
    assert.deepEqual(lab.simulator.state().violations, {
      "audio-before-start": 1,
      "start-twice": 1,
      "audio-after-error": 1,
    });
    client.send({ command: "START", config: plainConfig });
    client.sound(piece);
    await client.until("START");
    client.sound(piece);
    client.send({ command: "END" });
    await client.until("END");
    client.sound(piece);
    await client.settled();
    const { violations, ignored } = lab.simulator.state();
    assert.equal(violations["audio-before-start-response"], 1);
    assert.equal(violations["audio-after-end"], 1);
    assert.equal(ignored.messages, 4);
  });
});

suite("who is let in", { timeout: 300_000 }, () => {
  const [[accessKey, secretKey] = ["", ""]] = Object.entries(testAccounts.accessKeys);
  const signed = (url: string, atMs: number) =>
    signRequest({ accessKey, secretKey }, { method: "GET", url: new URL(`${url}${path}`), headers: {} }, atMs);

  test("with AK/SK, within 15 minutes of the service's clock, which its Date header tells", async () => {
    const offMs = 20 * 60_000;
    await using lab = await startLab({ auth: "aksk", clockOffsetMs: offMs });
    const { status, body, headers } = await lab.refused(path, signed(lab.simulator.url, Date.now()));
    assert.equal(status, 401);
    assert.equal(body["error_code"], "APIG.0301");
    const serverMs = Date.parse(String(headers["date"]));
    assert.ok(Math.abs(serverMs - Date.now() - offMs) < 60_000);
    const client = await lab.connect("continue-stream", signed(lab.simulator.url, serverMs));
    assert.equal((await client.start()).resp_type, "START");
    assert.equal((await lab.refused(path, { "X-Auth-Token": "simulator-token" })).status, 401);
    assert.equal((await lab.refused(path)).status, 401);
  });

  test("with a token of IAM, while it lasts", async () => {
    const clock = new ManualClock(Date.now());
    await using lab = await startLab({ auth: "any", limits: { tokenMs: 1500 }, clock });
    const { status, headers, body } = await lab.http("POST", "/v3/auth/tokens", tokenRequest());
    assert.equal(status, 201);
    const token = headers.get("x-subject-token") ?? "";
    assert.ok(token.length > 1000);
    const { expires_at: endsAt } = body["token"] as { expires_at: string };
    assert.match(endsAt, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/);
    assert.equal(Date.parse(endsAt) - clock.wallMs(), 1500);
    await lab.connect("continue-stream", { "X-Auth-Token": token });
    await lab.connect("continue-stream", signed(lab.simulator.url, clock.wallMs()));
    assert.equal(lab.simulator.state().tokens.valid, 2);
    clock.advance(1500);
    assert.equal(lab.simulator.state().tokens.valid, 1);
    const refused = await lab.refused(path, { "X-Auth-Token": token });
    assert.match(String(refused.body["error_msg"]), /token expires/);
    assert.match(String((await lab.refused(path, { "X-Auth-Token": "none" })).body["error_msg"]), /decrypt token fail/);
  });

  test("IAM's refusals are IAM's", async () => {
    await using lab = await startLab({ accounts: { ...testAccounts, project: { id: "p1", name: "cn-east-3" } } });
    for (const [request, status] of [
      [tokenRequest("wrong"), 401],
      [tokenRequest("device-password", { name: "cn-north-4" }), 401],
      [tokenRequest("device-password", { name: "cn-east-3" }), 201],
      [tokenRequest("device-password", { id: "p1" }), 201],
      ["{}", 400],
      ["{", 400],
    ] as const) {
      const answer = await lab.http("POST", "/v3/auth/tokens", request);
      assert.equal(answer.status, status, request);
      if (status !== 201) assert.equal((answer.body["error"] as { code: number }).code, status);
    }
    assert.equal((await lab.http("GET", "/v3/auth/tokens")).status, 404);
  });

  test("a project that is not the token's, and paths that lead nowhere", async () => {
    const accounts = { ...testAccounts, project: { id: "p1", name: "cn-east-3" } };
    await using lab = await startLab({ auth: "token", accounts });
    const headers = { "X-Auth-Token": "simulator-token" };
    assert.equal((await lab.refused(path, headers)).body["error_code"], "SIS.0101");
    for (const nowhere of [
      "/",
      "/v1/p1/rasr/other-stream",
      "/v2/p1/rasr/short-stream",
      "/v1/p1/rtts/x",
      "/v1//rasr/short-stream",
    ]) {
      const refused = await lab.refused(nowhere, headers);
      assert.deepEqual([refused.status, refused.body["error_code"]], [404, "APIG.0101"]);
    }
    assert.equal((await lab.http("GET", path)).status, 404);
  });
});

suite("control", { timeout: 300_000 }, () => {
  test("faults come and go at run time, and the state tells", async () => {
    await using lab = await startLab();
    const later = { at: { session: 2 }, fault: { kind: "error-on-start" } };
    const added = await lab.http("POST", "/control/faults", JSON.stringify([later, { fault: "garbage" }]));
    assert.equal(added.status, 200);
    assert.equal((added.body["added"] as unknown[]).length, 2);
    const client = await lab.connect();
    assert.ok("text" in (await client.next()));
    assert.equal((await lab.http("DELETE", "/control/faults")).status, 200);
    await client.start();
    client.sound(numbers(2));
    client.send({ command: "END" });
    await client.until("END");
    await client.start();
    const { status, body } = await lab.http("GET", "/control/state");
    assert.equal(status, 200);
    assert.deepEqual(body, JSON.parse(JSON.stringify({ ...lab.simulator.state(), uptime_ms: body["uptime_ms"] })));
    const { sessions, connections, results, audio_ms, sent, received } = lab.simulator.state();
    assert.deepEqual([sessions.starts, sessions.opened], [2, 2]);
    assert.deepEqual(
      sessions.last.map((session) => session.ended),
      ["NORMAL", null],
    );
    assert.equal(connections.open, 1);
    assert.deepEqual(
      results.map((result) => [result.session, result.text]),
      [
        [1, "0001"],
        [1, "0002"],
      ],
    );
    assert.equal(audio_ms, 2700);
    assert.deepEqual(sent, { START: 2, RESULT: 2, END: 1 });
    assert.deepEqual(received, { start: 2, end: 1, unknown: 0, audio: 27 });
  });

  test("a request that is wrong is told what is", async () => {
    await using lab = await startLab();
    for (const [body, words] of [
      ["{", /not valid JSON/],
      ["[]", /"added":\[\]/],
      ['{"fault":"explode"}', /faults\[0\]\.fault\.kind: allowed are/],
      ['[{"fault":"reset"},{"at":3,"fault":"reset"}]', /faults\[1\]\.at/],
    ] as const) {
      const answer = await lab.http("POST", "/control/faults", body);
      assert.match(JSON.stringify(answer.body), words);
      assert.equal(answer.status, body === "[]" ? 200 : 400);
    }
    assert.deepEqual(lab.simulator.state().faults, []);
    assert.equal((await lab.http("POST", "/control/faults", "x".repeat(1_100_000))).status, 413);
    assert.equal((await lab.http("GET", "/control/else")).status, 404);
    assert.throws(() => lab.simulator.addFault({ fault: { kind: "close", code: 1 } }), /code/);
  });
});

suite("whatever is sent to it", { timeout: 300_000 }, () => {
  test("control bodies, over HTTP", async () => {
    await using lab = await startLab();
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string(), fc.string({ unit: "binary" })), async (body) => {
        const { status } = await lab.http("POST", "/control/faults", body);
        assert.ok(status === 400 || status === 200, `${status}`);
      }),
      { numRuns: 300 },
    );
    assert.equal((await lab.http("GET", "/control/state")).status, 200);
  });

  test("text and binary messages: it answers, or keeps quiet, and goes on", async () => {
    await using lab = await startLab();
    const good = JSON.stringify({ command: "START", config: plainConfig });
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
      fc.constant(Buffer.alloc(70_000)),
      fc.string(),
      fc.json(),
      fc.constantFrom(good, good, '{"command":"END"}', '{"command":"END","cancel":"true"}', '{"command":"START"}'),
    );
    let client = await lab.connect();
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 30 }), async (messages) => {
        for (const one of messages) client.ws.send(one);
        await client.settled();
      }),
      { numRuns: 200 },
    );
    for (const { resp_type: type } of client.messages) {
      assert.ok(["START", "RESULT", "EVENT", "ERROR", "END"].includes(type ?? ""), type);
    }
    assert.ok(client.messages.length > 200);
    client = await lab.connect();
    assert.equal((await client.start()).resp_type, "START");
  });

  test("a message without end closes the connection with 1009, and only that", async () => {
    await using lab = await startLab();
    const [client, other] = [await lab.connect(), await lab.connect()];
    client.ws.send(Buffer.alloc(2_000_000));
    assert.equal((await client.ended).code, 1009);
    assert.equal((await other.start()).resp_type, "START");
  });

  test("bytes that are no HTTP", async () => {
    await using lab = await startLab();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const socket = createConnection(lab.simulator.port, lab.simulator.host);
        socket.on("error", () => {});
        socket.resume();
        socket.end(bytes);
        await once(socket, "close");
      }),
      { numRuns: 200 },
    );
    assert.equal((await (await lab.connect()).start()).resp_type, "START");
  });
});

suite("many at once", { timeout: 300_000 }, () => {
  test("two hundred connections, each with its own numbers", async () => {
    await using lab = await startLab();
    const sound = numbers(5);
    const accounts = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const client = await lab.connect();
        await client.start();
        client.sound(sound, 16_000);
        client.send({ command: "END" });
        await client.until("END");
        return accountNumbers(5, client.texts(), 4);
      }),
    );
    for (const account of accounts) assert.deepEqual([account.heard, account.lost, account.doubled], [5, 0, 0]);
    assert.equal(lab.simulator.state().words, 1000);
  });

  test("when it is disposed nothing is left open", async () => {
    const lab = await startLab({ faults: [{ fault: { kind: "half-open", for_ms: 60_000 } }] });
    const client = await lab.connect();
    const { port } = lab.simulator;
    await lab.simulator[Symbol.asyncDispose]();
    assert.equal((await client.ended).code, 1006);
    const socket = createConnection(port, "127.0.0.1");
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    assert.equal(error.code, "ECONNREFUSED");
    await lab[Symbol.asyncDispose]();
  });
});

test("options that TypeScript has not checked are: what is wrong is named", async () => {
  for (const [options, says] of [
    ['{ "port": "8090x" }', /^port: /],
    ['{ "port": 70000 }', /^port: /],
    ['{ "auth": "askk" }', /^auth: .*"aksk"/],
    ['{ "limits": { "idleMs": -1 } }', /^limits\.idleMs: /],
    ['{ "accounts": { "tokens": [] } }', /^accounts\.accessKeys: /],
    ['{ "prot": 8090 }', /prot/],
  ] as const) {
    // As a program in JavaScript calls it.
    // oxlint-disable-next-line typescript/no-unsafe-argument
    await assert.rejects(startSimulator(JSON.parse(options)), { code: "config-invalid", message: says });
  }
});
