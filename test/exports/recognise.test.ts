import assert from "node:assert/strict";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { Fault } from "../../src/base/fault.ts";
import { type RecogniseOptions, recognise } from "../../src/exports/recognise.ts";
import { SisError } from "../../src/exports/sis-error.ts";
import { numberSound, plainNumbers } from "../../src/simulator/numbers.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { type Credentials, tokenCredentials } from "../../src/sis/credentials.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { eventually } from "../system/lab/processes.ts";

const shape = plainNumbers(16_000);
const sound = (words: number) => new Uint8Array(numberSound(words, shape).buffer);
const noCredentials: Credentials = { authorize: async () => ({}), refused() {}, expiresAtMs: () => null };

function options(endpoint: string, more: Partial<RecogniseOptions> = {}): RecogniseOptions {
  const config = { audioFormat: "pcm16k16bit", property: "chinese_16k_general" } as const;
  return { endpoint, projectId: "p1", credentials: noCredentials, config, ...more };
}

async function texts(session: AsyncIterable<{ readonly isFinal: boolean; readonly result: { text: string } | null }>) {
  const heard: string[] = [];
  for await (const { isFinal, result } of session) if (isFinal && result !== null) heard.push(result.text);
  return heard;
}

/** What the session ended with. */
async function errorOf(session: AsyncIterable<unknown>): Promise<unknown> {
  try {
    for await (const _segment of session);
  } catch (error) {
    return error;
  }
  return null;
}

function isSisError(error: unknown, code: string): asserts error is SisError {
  assert.ok(error instanceof SisError, String(error));
  assert.equal(error.diagnosis.code, code);
}

for (const [pieces, size] of [
  ["odd pieces", 777],
  ["one piece", 10_000_000],
] as const) {
  test(`sound in ${pieces} is recognised to its end, once`, async () => {
    await using service = await startSimulator();
    const bytes = sound(3);
    function* cut() {
      for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
    }
    assert.deepEqual(await texts(recognise(cut(), options(service.url))), ["0001", "0002", "0003"]);
    await eventually(() => service.state().connections.open === 0, "the connection is closed");
    assert.deepEqual(service.state().violations, {});
  });
}

test("interim results come as they are asked for", async () => {
  await using service = await startSimulator();
  const config = { ...options("").config, interimResults: true };
  let interim = 0;
  for await (const { isFinal } of recognise([sound(2)], options(service.url, { config }))) if (!isFinal) interim += 1;
  assert.ok(interim > 0);
});

for (const [fault, code] of [
  [{ kind: "error", code: "SIS.0302" }, "SIS.0302"],
  [{ kind: "fatal", code: "SIS.0303" }, "SIS.0303"],
  ["reset", "link-lost"],
  ["garbage", "wire-bad-json"],
] as const) {
  test(`in the middle of a session, ${code} ends it with its diagnosis`, async () => {
    await using service = await startSimulator();
    service.addFault({ at: { audio_ms: 2000 }, fault });
    isSisError(await errorOf(recognise([sound(5)], options(service.url))), code);
    await eventually(() => service.state().connections.open === 0, "the connection is closed");
  });
}

test("a refusal is told to the credentials, and diagnosed", async () => {
  await using service = await startSimulator({ auth: "token" });
  let refusals = 0;
  const credentials: Credentials = { ...noCredentials, refused: () => (refusals += 1) };
  isSisError(await errorOf(recognise([sound(1)], options(service.url, { credentials }))), "APIGW.0301");
  assert.equal(refusals, 1);
});

test("a service that is away is not the credentials' fault: they are not got anew", async () => {
  await using service = await startSimulator();
  service.addFault({ at: { connection: 1 }, fault: { kind: "refuse", status: 503 } });
  let refusals = 0;
  const credentials: Credentials = { ...noCredentials, refused: () => (refusals += 1) };
  isSisError(await errorOf(recognise([sound(1)], options(service.url, { credentials }))), "APIGW.0201");
  assert.equal(refusals, 0);
});

test("what the service adds one day does no harm", async () => {
  await using service = await startSimulator();
  service.addFault({ at: { audio_ms: 500 }, fault: "unknown-type" });
  assert.deepEqual(await texts(recognise([sound(1)], options(service.url))), ["0001"]);
});

/** A service that answers START, and else does what the test says. */
async function scripted(
  onMessage: (say: (reply: object) => void, what: "START" | "END" | "sound", bytes: Uint8Array) => void,
) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  server.on("connection", (socket) => {
    const say = (reply: object) => socket.send(JSON.stringify({ trace_id: "t", ...reply }));
    socket.on("message", (data, isBinary) => {
      const text = Buffer.isBuffer(data) ? data.toString() : "";
      const what = isBinary ? "sound" : text.includes("START") ? "START" : "END";
      if (what === "START") say({ resp_type: "START" });
      onMessage(say, what, Buffer.isBuffer(data) ? data : Buffer.alloc(0));
    });
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return {
    url: `ws://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, "close");
    },
  };
}

for (const [audioFormat, bytesPerMs, quiet] of [
  ["pcm16k16bit", 32, 0],
  ["ulaw8k8bit", 8, 0xff],
  ["alaw16k8bit", 16, 0xd5],
] as const)
  test(`the last piece, however short, is sent, filled up with silence to 50 ms: ${audioFormat}`, async () => {
    const messages: Uint8Array[] = [];
    await using service = await scripted((say, what, bytes) => {
      if (what === "sound") messages.push(bytes);
      if (what === "END") say({ resp_type: "END", reason: "NORMAL" });
    });
    const config = { ...options("").config, audioFormat };
    for (const ms of [105, 160]) {
      messages.length = 0;
      assert.deepEqual(
        await texts(recognise([Buffer.alloc(ms * bytesPerMs, 7)], options(service.url, { config }))),
        [],
      );
      const [first, last] = messages;
      const lasts = Math.max(50, ms - 100) * bytesPerMs;
      assert.deepEqual([messages.length, first?.length, last?.length], [2, 100 * bytesPerMs, lasts]);
      const sounding = (ms - 100) * bytesPerMs;
      assert.ok(last?.every((byte, index) => byte === (index < sounding ? 7 : quiet)));
    }
  });

for (const reason of ["NORMAL", "CANCEL", "ERROR"])
  test(`an END that was not asked for, reason ${reason}, is no end of the sound`, async () => {
    await using service = await scripted((say, what) => {
      if (what === "sound") say({ resp_type: "END", reason });
    });
    async function* endless() {
      for (;;) {
        yield sound(1);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    isSisError(await errorOf(recognise(endless(), options(service.url))), "unasked-end");
  });

for (const sentenceEnd of ["auto", "wait"] as const)
  test(`sentence mode ends with the first sentence, whoever ends the session (${sentenceEnd})`, async () => {
    await using service = await startSimulator({ sentenceEnd });
    let seconds = 0;
    async function* endless() {
      for (;;) {
        seconds += 1;
        yield sound(1);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    const config = { ...options("").config, vadTail: 300 };
    assert.deepEqual(await texts(recognise(endless(), options(service.url, { config, mode: "sentence" }))), ["0001"]);
    const read = seconds;
    await eventually(() => service.state().connections.open === 0, "the connection is closed");
    assert.ok(seconds <= read + 1, "nothing more is read");
  });

for (const [mode, limit, heard] of [
  ["continuous", { continuousMs: 5_000 }, ["0001", "0002", "0003", "0004"]],
  ["short", { shortMs: 5_000 }, ["0001 0002 0003 0004"]],
] as const)
  test(`more sound than a session of mode ${mode} takes is an error, after what was recognised`, async () => {
    await using service = await startSimulator({ limits: limit });
    const found: string[] = [];
    const session = (async () => {
      for await (const { isFinal, result } of recognise([sound(10)], options(service.url, { mode })))
        if (isFinal) found.push(result?.text ?? "");
    })();
    const error: unknown = await session.catch((thrown: unknown) => thrown);
    isSisError(error, "session-full");
    assert.deepEqual(found, heard);
  });

for (const reason of ["NORMAL", "CANCEL"])
  test(`an END, reason ${reason}, that crosses ours is no end of the sound`, async () => {
    await using service = await startSimulator();
    service.addFault({ at: { audio_ms: 10_000 }, fault: { kind: "unasked-end", reason, results: "before" } });
    isSisError(await errorOf(recognise([sound(30)], options(service.url))), "unasked-end");
  });

test("a loop that waits is left by a signal, with its reason, and one that has aborted is not begun", async () => {
  await using service = await startSimulator();
  const silence = new Readable({ read() {} });
  const leaving = new AbortController();
  const error = errorOf(recognise(silence, options(service.url, { signal: leaving.signal })));
  await eventually(() => service.state().sessions.starts === 1, "the session runs");
  const reason = new Error("closing time");
  leaving.abort(reason);
  assert.equal(await error, reason);
  assert.equal(silence.destroyed, true);
  await eventually(() => service.state().connections.open === 0, "the connection is closed");
  const microphone = new Readable({ read() {} });
  assert.equal(await errorOf(recognise(microphone, options(service.url, { signal: leaving.signal }))), reason);
  assert.deepEqual([microphone.destroyed, service.state().connections.accepted], [true, 1]);
  const another = AbortSignal.abort("no error at all");
  assert.equal(await errorOf(recognise([sound(1)], options(service.url, { signal: another }))), "no error at all");
});

test("an abort ends the recording at once, though the loop's body is still busy", async () => {
  await using service = await startSimulator();
  const bytes = sound(3);
  const microphone = new Readable({ read() {} });
  microphone.push(bytes);
  const leaving = new AbortController();
  const session = recognise(microphone, options(service.url, { signal: leaving.signal }));
  await session.next();
  leaving.abort(new Error("closing time"));
  assert.equal(microphone.destroyed, true);
  await session.return();
});

test("a stream is let go of where the settings cannot be right, too", async () => {
  const microphone = new Readable({ read() {} });
  const error = await errorOf(recognise(microphone, options("nowhere")));
  assert.ok(error instanceof Fault && error.code === "config-invalid");
  assert.equal(microphone.destroyed, true);
});

test("a stream is let go of where nothing can be reached: a program that records for it may end", async () => {
  const microphone = new Readable({ read() {} });
  isSisError(await errorOf(recognise(microphone, options("ws://127.0.0.1:9"))), "NET.ECONNREFUSED");
  assert.equal(microphone.destroyed, true);
});

test("what the caller's credentials throw is the caller's", async () => {
  const missing = new Error("no such token");
  const credentials = tokenCredentials(async () => {
    throw missing;
  });
  assert.equal(await errorOf(recognise([sound(1)], options("ws://127.0.0.1:9", { credentials }))), missing);
});

test("a service that is still at work on sound that was faster than real time is waited for", async () => {
  const clock = new ManualClock();
  const told: ((reply: object) => void)[] = [];
  await using service = await scripted((say, what) => {
    if (what === "END") told.push(say);
  });
  const heard: string[] = [];
  const session = (async () => {
    const session = recognise([sound(5)], options(service.url, { clock }));
    for await (const { result } of session) heard.push(result?.text ?? "");
  })();
  await eventually(() => told.length === 1, "END is sent");
  for (let word = 1; word <= 3; word += 1) {
    // Pings are answered meanwhile; each turn of the loop lets them.
    for (let second = 0; second < 29; second += 1) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      clock.advance(1000);
    }
    const result = { text: String(word), score: 1 };
    told[0]?.({ resp_type: "RESULT", segments: [{ start_time: 0, end_time: 1000, is_final: true, result }] });
    await eventually(() => heard.length === word, "it is heard");
  }
  told[0]?.({ resp_type: "END", reason: "NORMAL" });
  await session;
  assert.deepEqual(heard, ["1", "2", "3"]);
});

test("a START that is not answered ends the session", async () => {
  await using service = await startSimulator();
  service.addFault({ at: { connection: 1 }, fault: { kind: "stall", for_ms: 60_000 } });
  const clock = new ManualClock();
  const error = errorOf(recognise([sound(1)], options(service.url, { clock })));
  await eventually(() => service.state().connections.accepted === 1, "it is connected");
  // Pings are answered meanwhile; each turn of the loop lets them.
  for (let second = 0; second < 20; second += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(500);
  }
  clock.advance(10_000);
  const told = await error;
  assert.ok(told instanceof SisError);
  assert.match(told.diagnosis.code, /^link-(timeout|dead)$/);
});

test("sound that fails ends the session with its own error", async () => {
  await using service = await startSimulator();
  const unplugged = new Error("unplugged");
  async function* broken() {
    yield sound(1);
    throw unplugged;
  }
  assert.equal(await errorOf(recognise(broken(), options(service.url))), unplugged);
  await eventually(() => service.state().connections.open === 0, "the connection is closed");
});

test("a stream that fails before it is read from ends the session with its error", async () => {
  await using service = await startSimulator();
  const missing = createReadStream(join(import.meta.dirname, "no-such-sound.raw"));
  assert.match(String(await errorOf(recognise(missing, options(service.url)))), /ENOENT.*no-such-sound\.raw/);
});

test("leaving the loop closes the connection", async () => {
  await using service = await startSimulator();
  async function* endless() {
    for (;;) {
      yield sound(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  for await (const { isFinal } of recognise(endless(), options(service.url))) if (isFinal) break;
  await eventually(() => service.state().connections.open === 0, "the connection is closed");
});
