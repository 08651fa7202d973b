import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection } from "node:net";
import { after, suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type FaultEntry, type FaultKind, faultKinds } from "../../src/simulator/faults.ts";
import { numberSound, plainNumbers } from "../../src/simulator/numbers.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { type Client, eventually, startLab } from "./lab.ts";

const numbers = (count: number) => numberSound(count, plainNumbers(16000));
const silence = new Int16Array(1600);

/** Each test says which kind it shows; the last one, that none was forgotten. */
const shown = new Set<FaultKind>();
function shows(kind: FaultKind, what: string, run: () => Promise<void>): void {
  shown.add(kind);
  test(`${kind}: ${what}`, run);
}

/** A connection with an open session, on a simulator with one fault and a clock moved by hand. */
async function inSession(...faults: readonly FaultEntry[]) {
  const clock = new ManualClock();
  const lab = await startLab({ faults, clock });
  const client = await lab.connect();
  await client.start();
  return { lab, client, clock, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}

suite("every kind of fault does what it says", { timeout: 300_000 }, () => {
  shows("error", "ERROR and END at its moment of audio; audio is ignored until the next START", async () => {
    await using bench = await inSession({
      at: { audio_ms: 1500 },
      fault: { kind: "error", code: "SIS.0305", trace_id: null },
    });
    const { lab, client } = bench;
    client.sound(numbers(1));
    const error = await client.until("ERROR");
    assert.deepEqual(error, { resp_type: "ERROR", error_code: "SIS.0305", error_msg: "recognition error" });
    assert.equal((await client.next()).reason, "ERROR");
    client.sound(numbers(2));
    await client.settled();
    assert.equal(client.types(), "START RESULT ERROR END");
    assert.equal((await client.start()).resp_type, "START");
    client.sound(numbers(1));
    client.send({ command: "END" });
    await client.until("END");
    assert.deepEqual(client.texts(), ["0001", "0001"]);
    const [record] = lab.simulator.state().faults;
    assert.equal(record?.fired, 1);
    assert.equal(record.connection, 1);
    assert.ok(record.first_fired_ms !== null);
  });

  shows("error-on-start", "ERROR instead of START, and nothing follows", async () => {
    await using lab = await startLab({
      faults: [{ at: { session: 2 }, fault: { kind: "error-on-start", code: "SIS.0033", times: 2 } }],
    });
    const client = await lab.connect();
    for (const expected of ["START", "ERROR", "ERROR", "START"]) {
      assert.equal((await client.start()).resp_type, expected);
      client.sound(silence);
      if (expected === "START") {
        client.send({ command: "END" });
        assert.equal((await client.next()).resp_type, "END");
      }
    }
    await client.settled();
    assert.equal(client.types(), "START END ERROR ERROR START END");
  });

  shows("no-end-after-error", "ERROR, and the END that should follow does not", async () => {
    await using bench = await inSession({ at: { audio_ms: 100 }, fault: "no-end-after-error" });
    bench.client.sound(silence);
    await bench.client.until("ERROR");
    bench.client.sound(numbers(1));
    await bench.client.settled();
    assert.equal(bench.client.types(), "START ERROR");
    assert.equal(bench.lab.simulator.state().sessions.last[0]?.ended, "no END");
    assert.equal((await bench.client.start()).resp_type, "START");
  });

  shows("fatal", "FATAL_ERROR, then the service disconnects after its time", async () => {
    await using bench = await inSession({
      at: { audio_ms: 100 },
      fault: { kind: "fatal", code: "SIS.0302", disconnect_after_ms: 80 },
    });
    bench.client.sound(silence);
    const fatal = await bench.client.until("FATAL_ERROR");
    assert.equal(fatal.error_code, "SIS.0302");
    assert.notEqual(fatal.trace_id, undefined);
    bench.client.send({ command: "START", config: {} });
    bench.clock.advance(79);
    await bench.client.settled();
    bench.clock.advance(1);
    assert.equal((await bench.client.ended).code, 1000);
    assert.equal(bench.client.types(), "START FATAL_ERROR");
  });

  shows("fatal", "or it never disconnects", async () => {
    await using bench = await inSession({ at: { audio_ms: 100 }, fault: { kind: "fatal", disconnect_after_ms: null } });
    bench.client.sound(silence);
    await bench.client.until("FATAL_ERROR");
    await bench.client.settled();
    assert.equal(bench.lab.simulator.state().connections.open, 1);
  });

  shows("unasked-end", "END that nobody asked for; audio in flight is not held against the client", async () => {
    await using bench = await inSession({ at: { audio_ms: 200 }, fault: { kind: "unasked-end", reason: "NORMAL" } });
    bench.client.sound(numbers(2));
    assert.equal((await bench.client.until("END")).reason, "NORMAL");
    await bench.client.settled();
    const { violations, ignored } = bench.lab.simulator.state();
    assert.deepEqual(violations, {});
    assert.ok(ignored.messages > 0);
  });

  for (const [results, expected] of [
    ["before", "START RESULT END"],
    ["after", "START END RESULT"],
  ] as const) {
    shows("unasked-end", `with the results of what was said ${results} it`, async () => {
      await using bench = await inSession({ at: { audio_ms: 700 }, fault: { kind: "unasked-end", results } });
      bench.client.sound(numbers(1).subarray(0, 16 * 700));
      await bench.client.until(results === "before" ? "END" : "RESULT");
      assert.equal(bench.client.types(), expected);
      assert.deepEqual(bench.client.texts(), ["0001"]);
    });
  }

  shows("start-twice", "START is answered twice", async () => {
    await using lab = await startLab({ faults: [{ fault: "start-twice" }] });
    const client = await lab.connect();
    await client.start();
    client.sound(numbers(1));
    client.send({ command: "END" });
    await client.until("END");
    assert.equal(client.types(), "START START RESULT END");
  });

  shows("result-without-result", "the next final segment has no result", async () => {
    await using bench = await inSession({ fault: "result-without-result" });
    bench.client.sound(numbers(2));
    bench.client.send({ command: "END" });
    await bench.client.until("END");
    const [failed, fine] = bench.client.messages.flatMap((message) => message.segments ?? []);
    assert.deepEqual(Object.keys(failed ?? {}).toSorted(), ["end_time", "is_final", "start_time"]);
    assert.equal(fine?.result?.text, "0002");
    assert.equal(bench.lab.simulator.state().results[0]?.text, null);
  });

  shows("late-result", "the last RESULT comes after END", async () => {
    await using bench = await inSession({ fault: "late-result" });
    bench.client.sound(numbers(1).subarray(0, 16 * 700));
    bench.client.send({ command: "END" });
    await bench.client.until("RESULT");
    assert.equal(bench.client.types(), "START END RESULT");
    assert.deepEqual(bench.client.texts(), ["0001"]);
  });

  shows("exceeded-audio", "EXCEEDED_AUDIO, and audio after it is ignored", async () => {
    await using bench = await inSession({ at: { audio_ms: 700 }, fault: "exceeded-audio" });
    bench.client.sound(numbers(3));
    bench.client.send({ command: "END" });
    await bench.client.until("END");
    assert.equal(bench.client.types(), "START EXCEEDED_AUDIO RESULT END");
    assert.deepEqual(bench.client.texts(), ["0001"]);
  });

  shows("limits-reached", "EXCEEDED_AUDIO, in the sessions that follow on the connection, too", async () => {
    await using bench = await inSession({ at: { audio_ms: 700 }, fault: "limits-reached" });
    bench.client.sound(numbers(2));
    bench.client.send({ command: "END" });
    await bench.client.until("END");
    await bench.client.start();
    bench.client.sound(numbers(1));
    bench.client.send({ command: "END" });
    await bench.client.until("END");
    assert.equal(bench.client.types(), "START EXCEEDED_AUDIO RESULT END START EXCEEDED_AUDIO END");
    const another = await bench.lab.connect();
    await another.start();
    another.sound(numbers(1));
    another.send({ command: "END" });
    await another.until("END");
    assert.deepEqual(another.texts(), ["0001"]);
  });

  shows("garbage", "a text that is no message", async () => {
    await using bench = await inSession();
    bench.lab.simulator.addFault({ fault: { kind: "garbage", text: "<html>" } });
    assert.deepEqual(await bench.client.next(), { text: "<html>" });
  });

  shows("unknown-type", "a message of a type that is none", async () => {
    await using bench = await inSession();
    bench.lab.simulator.addFault({ fault: { kind: "unknown-type", resp_type: "HELLO" } });
    assert.equal((await bench.client.next()).resp_type, "HELLO");
  });

  shows("binary", "a binary message", async () => {
    await using bench = await inSession();
    bench.lab.simulator.addFault({ fault: { kind: "binary", bytes: 99 } });
    assert.deepEqual(await bench.client.next(), { binary: 99 });
  });

  shows("oversized", "a RESULT of megabytes", async () => {
    await using bench = await inSession();
    bench.lab.simulator.addFault({ fault: { kind: "oversized", bytes: 3_000_000 } });
    const [segment] = (await bench.client.next()).segments ?? [];
    assert.equal(segment?.result?.text.length, 3_000_000);
  });

  for (const code of [1000, 1001, 1011, 4000]) {
    shows("close", `with code ${code}`, async () => {
      await using bench = await inSession({ at: { wall_ms: 20 }, fault: { kind: "close", code, reason: "because" } });
      bench.clock.advance(20);
      assert.deepEqual(await bench.client.ended, { code, reason: "because" });
      await eventually("the simulator knows", () => bench.lab.simulator.state().connections.open === 0);
    });
  }

  shows("close", "code 1006 is no closing handshake", async () => {
    await using bench = await inSession();
    bench.lab.simulator.addFault({ fault: { kind: "close", code: 1006 } });
    assert.equal((await bench.client.ended).code, 1006);
  });

  shows("reset", "the TCP connection is reset", async () => {
    await using lab = await startLab();
    const socket = createConnection(lab.simulator.port, lab.simulator.host);
    const upgrade = { Host: "h", Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13" };
    const lines = Object.entries({ ...upgrade, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" });
    socket.write(
      `GET /v1/p/rasr/continue-stream HTTP/1.1\r\n${lines.map((line) => `${line.join(": ")}\r\n`).join("")}\r\n`,
    );
    const [answer] = (await once(socket, "data")) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 101 /);
    lab.simulator.addFault({ fault: "reset" });
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    assert.equal(error.code, "ECONNRESET");
  });

  shows("half-open", "nothing is read or answered, not even pings, and TCP stays", async () => {
    await using bench = await inSession({ at: { audio_ms: 100 }, fault: { kind: "half-open", for_ms: 400 } });
    bench.client.sound(silence);
    await eventually("it struck", () => bench.lab.simulator.state().faults[0]?.fired === 1);
    // A link that is dead suffers nothing more.
    bench.lab.simulator.addFault({ fault: "garbage" });
    assert.equal(bench.lab.simulator.state().faults[1]?.fired, 0);
    let pongs = 0;
    bench.client.ws.on("pong", () => pongs++);
    bench.client.ws.ping();
    bench.client.send({ command: "END" });
    bench.clock.advance(399);
    await (await bench.lab.connect()).settled();
    assert.equal(bench.lab.simulator.state().connections.open, 2);
    bench.clock.advance(1);
    assert.equal((await bench.client.ended).code, 1006);
    assert.equal(pongs, 0);
    assert.equal(bench.client.types(), "START");
  });

  shows("slow-reader", "nothing is read for a while, then all of it", async () => {
    await using bench = await inSession({ at: { audio_ms: 100 }, fault: { kind: "slow-reader", for_ms: 300 } });
    bench.client.sound(silence);
    await eventually("it struck", () => bench.lab.simulator.state().faults[0]?.fired === 1);
    // More than the buffers of the system take.
    const chunk = Buffer.alloc(64_000);
    for (let i = 0; i < 300; i++) bench.client.ws.send(chunk);
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
    assert.ok(bench.client.ws.bufferedAmount > 1_000_000, `${bench.client.ws.bufferedAmount}`);
    bench.clock.advance(300);
    await eventually("it is read", () => bench.client.ws.bufferedAmount === 0);
    await bench.client.settled();
    assert.equal(Math.round(bench.lab.simulator.state().audio_ms), 100 + 300 * 2000);
  });

  shows("stall", "replies are held back, in order, while pings are answered", async () => {
    await using bench = await inSession();
    bench.lab.simulator.addFault({ fault: { kind: "stall", for_ms: 250 } });
    bench.client.sound(numbers(2));
    bench.client.send({ command: "END" });
    await bench.client.settled();
    bench.clock.advance(249);
    await bench.client.settled();
    assert.equal(bench.client.types(), "START");
    bench.clock.advance(1);
    await bench.client.until("END");
    assert.equal(bench.client.types(), "START RESULT RESULT END");
  });

  shows("stall", "a connection that ends meanwhile ends behind what is held back", async () => {
    await using bench = await inSession();
    bench.lab.simulator.addFault({ fault: { kind: "stall", for_ms: 250 } });
    bench.lab.simulator.addFault({ fault: { kind: "fatal", code: "SIS.0303" } });
    await bench.client.settled();
    bench.clock.advance(200);
    await bench.client.settled();
    assert.equal(bench.client.types(), "START");
    bench.clock.advance(50);
    await bench.client.until("FATAL_ERROR");
    await bench.client.ended;
  });

  shows("error", "at a session that is under way when it is added, it strikes that one", async () => {
    await using bench = await inSession();
    bench.lab.simulator.addFault({ at: { session: 1 }, fault: { kind: "error", code: "SIS.0305" } });
    await bench.client.until("ERROR");
  });

  shows("refuse-connections", "of two that overlap, the later end counts", async () => {
    const clock = new ManualClock();
    await using lab = await startLab({ clock });
    lab.simulator.addFault({ fault: { kind: "refuse-connections", for_ms: 3_000 } });
    clock.advance(100);
    lab.simulator.addFault({ fault: { kind: "refuse-connections", for_ms: 300 } });
    clock.advance(1_000);
    await assert.rejects(lab.connect());
    clock.advance(2_000);
    let connected = false;
    const attempt = async () => {
      for (
        ;
        !connected;
        connected = await lab.connect().then(
          () => true,
          () => false,
        )
      )
        await setImmediate();
    };
    await attempt();
  });

  shows("accept-then-close", "each connection is closed as soon as it is open, for a while", async () => {
    await using lab = await startLab({ faults: [{ fault: { kind: "accept-then-close", code: 1001, times: 2 } }] });
    for (let i = 0; i < 2; i++) assert.equal((await (await lab.connect()).ended).code, 1001);
    lab.simulator.addFault({ fault: "accept-then-close" });
    assert.equal((await (await lab.connect()).ended).code, 1006);
    const client = await lab.connect();
    assert.equal((await client.start()).resp_type, "START");
  });

  for (const [status, code] of [
    [401, "APIG.0301"],
    [403, "APIG.0302"],
    [404, "APIG.0101"],
    [429, "APIG.0308"],
    [500, "SIS.0100"],
    [503, "APIG.0201"],
  ] as const) {
    shows("refuse", `the upgrade with ${status}, with a gateway's body and date`, async () => {
      await using lab = await startLab({ faults: [{ fault: { kind: "refuse", status, retry_after: 7 } }] });
      const refused = await lab.refused();
      assert.equal(refused.status, status);
      assert.equal(refused.headers["retry-after"], "7");
      assert.ok(Math.abs(Date.parse(String(refused.headers["date"])) - Date.now()) < 60_000);
      assert.equal(refused.headers["content-type"], "application/json");
      assert.equal(refused.body["error_code"], code);
      assert.match(String(refused.body["error_msg"]), /\w/);
      assert.match(String(refused.body["request_id"]), /^[0-9a-f]{32}$/);
      await lab.connect();
      assert.equal(lab.simulator.state().refusals.count, 1);
    });
  }

  shows("refuse", "a token, in IAM's words", async () => {
    const fault = { kind: "refuse", where: "iam", status: 429, retry_after: 3, message: "slowly" } as const;
    await using lab = await startLab({ faults: [{ fault }] });
    const { status, body, headers } = await lab.http("POST", "/v3/auth/tokens", "{}");
    assert.equal(status, 429);
    assert.equal(headers.get("retry-after"), "3");
    assert.deepEqual(body, { error: { code: 429, message: "slowly", title: "Too Many Requests" } });
    assert.equal((await lab.http("POST", "/v3/auth/tokens", "{}")).status, 400);
  });

  shows("refuse-connections", "connecting fails for a while; what is open stays", async () => {
    const clock = new ManualClock();
    await using lab = await startLab({ clock });
    const client = await lab.connect();
    lab.simulator.addFault({ fault: { kind: "refuse-connections", for_ms: 300 } });
    assert.equal(await lab.knock(), "ECONNREFUSED");
    assert.equal((await client.start()).resp_type, "START");
    clock.advance(299);
    assert.equal(await lab.knock(), "ECONNREFUSED");
    clock.advance(1);
    let door = "";
    const from = performance.now();
    while (door !== "open" && performance.now() - from < 10_000) door = await lab.knock();
    assert.equal((await (await lab.connect()).start()).resp_type, "START");
  });

  shows("expire-tokens", "no token is good any more", async () => {
    await using lab = await startLab({ auth: "token" });
    const headers = { "X-Auth-Token": "simulator-token" };
    await lab.connect("continue-stream", headers);
    lab.simulator.addFault({ fault: "expire-tokens" });
    const { status, body } = await lab.refused(undefined, headers);
    assert.equal(status, 401);
    assert.match(String(body["error_msg"]), /token expires, expires_at: /);
    assert.equal(lab.simulator.state().tokens.valid, 0);
  });

  shows("clock-off", "the service's clock is 20 minutes ahead: signatures of now are stale", async () => {
    await using lab = await startLab();
    lab.simulator.addFault({ fault: "clock-off" });
    const { headers } = await lab.http("GET", "/nowhere");
    const aheadMs = Date.parse(headers.get("date") ?? "") - Date.now();
    assert.ok(Math.abs(aheadMs - 1_200_000) < 60_000, `${aheadMs} ms`);
  });

  test("moments: a wall clock strikes without a message; a connection's number counts attempts", async () => {
    const clock = new ManualClock();
    await using lab = await startLab({
      clock,
      faults: [
        { at: { connection: 2 }, fault: { kind: "refuse", status: 503 } },
        { at: { wall_ms: 50 }, fault: { kind: "garbage", text: "tick" } },
      ],
    });
    const client: Client = await lab.connect();
    clock.advance(50);
    assert.deepEqual(await client.next(), { text: "tick" });
    assert.equal((await lab.refused()).status, 503);
    await lab.connect();
    assert.equal(lab.simulator.state().connections.attempts, 3);
  });

  after(() => {
    assert.deepEqual([...shown].toSorted(), [...faultKinds].toSorted(), "every kind is shown");
  });
});
