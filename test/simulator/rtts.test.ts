import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";
import { WebSocket } from "ws";
import { decodeALaw, decodeMuLaw } from "../../src/audio/g711.ts";
import { readInt16 } from "../../src/audio/pcm.ts";
import type { FaultEntry } from "../../src/simulator/faults.ts";
import { realLimits, type SimulatorOptions } from "../../src/simulator/options.ts";
import { Recogniser } from "../../src/simulator/recogniser.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { ManualClock } from "../lab/manual-clock.ts";
import { missing } from "../system/lab/processes.ts";

interface Heard {
  /** resp_types, with a code or a reason; runs of sound as one "sound". */
  readonly words: string[];
  readonly sound: Buffer;
  readonly closeCode: number;
}

const patienceMs = 10_000;

/** Asks a simulator for texts on one connection, until `done` says so or it is closed. */
async function ask(
  options: SimulatorOptions,
  requests: readonly unknown[],
  done: (words: readonly string[]) => boolean = (words) => words.some((word) => word.startsWith("END")),
): Promise<Heard & { readonly state: ReturnType<Awaited<ReturnType<typeof startSimulator>>["state"]> }> {
  await using simulator = await startSimulator({ voice: "dtmf", speechRate: 50, ...options });
  const ws = new WebSocket(`${simulator.url}/v1/project-1/rtts`);
  const words: string[] = [];
  const pieces: Buffer[] = [];
  const closed = Promise.withResolvers<number>();
  ws.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) {
      pieces.push(data);
      if (words.at(-1) !== "sound") words.push("sound");
    } else {
      const message = JSON.parse(data.toString()) as Record<string, string>;
      words.push([message["resp_type"], message["error_code"] ?? message["reason"]].filter(Boolean).join(" "));
    }
    if (done(words)) ws.close();
  });
  ws.on("error", () => {});
  ws.on("close", (code: number) => closed.resolve(code));
  await once(ws, "open", { signal: AbortSignal.timeout(patienceMs) });
  for (const request of requests) ws.send(typeof request === "string" ? request : JSON.stringify(request));
  const late = setTimeout(() => ws.terminate(), patienceMs);
  const closeCode = await closed.promise;
  clearTimeout(late);
  return { words, sound: Buffer.concat(pieces), closeCode, state: simulator.state() };
}

/** The same, of a simulator whose time goes on, far enough for all that is to come, with each message from it. */
function askToTheEnd(...requests: readonly unknown[]) {
  const clock = new ManualClock();
  return ask({ clock }, requests, () => {
    clock.advance(realLimits.idleMs);
    return false;
  });
}

const start = (text: unknown, config: object = {}) => ({ command: "START", text, config });

/** What the recogniser makes of the sound. */
function understood(samples: Int16Array, sampleRate: 8000 | 16000): string {
  const recogniser = new Recogniser({ sampleRate, vadTailMs: 200, longestMs: 60_000, interim: false, voiceDbfs: -45 });
  const findings = [...recogniser.push(samples), ...recogniser.finish()];
  return findings.flatMap((each) => (each.type === "segment" ? each.words.map((word) => word.text) : [])).join(" ");
}

suite("the simulator speaks", { timeout: 300_000 }, () => {
  const decoders = { pcm: readInt16, alaw: decodeALaw, ulaw: decodeMuLaw };
  for (const [format, decode] of Object.entries(decoders)) {
    for (const rate of [8000, 16_000] as const) {
      test(`${format} at ${rate} Hz comes back as the digits of the text`, async () => {
        const config = { audio_format: format, sample_rate: String(rate) };
        const heard = await ask({}, [start("Room 1234, then 56.", config)]);
        assert.deepEqual(heard.words, ["START", "sound", "END NORMAL"]);
        assert.equal(understood(decode(heard.sound), rate), "1234 56");
        assert.equal(heard.state.speech.last[0]?.ended, "NORMAL");
        assert.equal(heard.state.speech.spoken_ms, Math.round(decode(heard.sound).length / (rate / 1000)));
      });
    }
  }

  test("a text without digits hums, and volume is heard", async () => {
    const loud = await ask({}, [start("Hello", { volume: 100 })]);
    assert.equal(loud.sound.length, 5 * 60 * 16);
    const [quiet1, loud1] = await Promise.all([0, 100].map((volume) => ask({}, [start("1", { volume })])));
    assert.ok(rms(readInt16(quiet1?.sound ?? Buffer.alloc(0))) * 4 < rms(readInt16(loud1?.sound ?? Buffer.alloc(0))));
  });

  test("espeak-ng speaks, where it is installed", { skip: missing("espeak-ng") }, async () => {
    const heard = await ask({ voice: "espeak" }, [start("一二三四", { sample_rate: "16000" })]);
    assert.deepEqual(heard.words, ["START", "sound", "END NORMAL"]);
    assert.ok(heard.sound.length > 16_000, "half a second at least");
    assert.ok(rms(readInt16(heard.sound)) > 300, "it is no silence");
  });

  const refused: readonly (readonly [what: string, request: unknown, code: string])[] = [
    ["a text of 500 characters", start("1".repeat(500)), "SIS.0604"],
    ["an empty text", start("  "), "SIS.0415"],
    ["no text", { command: "START", config: {} }, "SIS.0012"],
    ["another sample_rate", start("1", { sample_rate: "44100" }), "SIS.0402"],
    ["another audio_format", start("1", { audio_format: "mp3" }), "SIS.0410"],
    ["another property", start("1", { property: "xiaoyan" }), "SIS.0411"],
    ["speed out of range", start("1", { speed: 501 }), "SIS.0415"],
    ["pitch out of range", start("1", { pitch: -501 }), "SIS.0415"],
    ["volume out of range", start("1", { volume: 101 }), "SIS.0415"],
    ["an unknown setting", start("1", { tempo: 1 }), "SIS.0031"],
    ["another command", { command: "END" }, "SIS.0031"],
    ["no command", {}, "SIS.0012"],
    ["no JSON", "START", "SIS.0032"],
  ];
  for (const [what, request, code] of refused) {
    test(`${what} is ${code}, and nothing follows`, async () => {
      const heard = await askToTheEnd(request);
      assert.deepEqual(heard.words.slice(0, 1), [`ERROR ${code}`]);
      assert.equal(heard.sound.length, 0);
    });
  }

  test("499 characters are taken", async () => {
    const heard = await ask({ speechRate: 1 }, [start("1".repeat(499))], (words) => words.includes("sound"));
    assert.deepEqual(heard.words, ["START", "sound"]);
    assert.equal(heard.state.speech.last[0]?.ended, "closed");
  });

  test("a second START is SIS.0418 and ends the first", async () => {
    const heard = await ask({ speechRate: 1 }, [start("1111111111"), start("2")]);
    assert.deepEqual(
      heard.words.filter((word) => word !== "sound"),
      ["START", "ERROR SIS.0418", "END ERROR"],
    );
    assert.deepEqual(heard.state.speech.violations, { "speech-start-twice": 1 });
  });

  test("a second START after the END is SIS.0418 as well", async () => {
    const heard = await askToTheEnd(start("1"));
    assert.deepEqual(heard.words, ["START", "sound", "END NORMAL"]);
    assert.equal(heard.closeCode, 1000, "a client that does not close is shown the door");
  });

  test("no START in time is SIS.0416, fatal", async () => {
    const heard = await ask({ limits: { idleMs: 60 } }, []);
    assert.deepEqual(heard.words, ["FATAL_ERROR SIS.0416"]);
    assert.equal(heard.closeCode, 1000);
  });

  const faults: readonly (readonly [what: string, fault: FaultEntry, words: readonly string[]])[] = [
    ["ERROR to START", { fault: { kind: "error-on-start", code: "SIS.0411" } }, ["ERROR SIS.0411"]],
    [
      "ERROR before the first sound",
      { at: { session: 1 }, fault: { kind: "error", code: "SIS.0401" } },
      ["START", "ERROR SIS.0401", "END ERROR"],
    ],
    [
      "ERROR in the sound",
      { at: { spoken_ms: 200 }, fault: { kind: "error", code: "SIS.0413" } },
      ["START", "sound", "ERROR SIS.0413", "END ERROR"],
    ],
    [
      "FATAL_ERROR before the first sound",
      { at: { session: 1 }, fault: { kind: "fatal", code: "SIS.0412" } },
      ["START", "FATAL_ERROR SIS.0412"],
    ],
    [
      "FATAL_ERROR in the sound",
      { at: { spoken_ms: 200 }, fault: { kind: "fatal", code: "SIS.0417" } },
      ["START", "sound", "FATAL_ERROR SIS.0417"],
    ],
    ["disconnect in the sound", { at: { spoken_ms: 200 }, fault: "reset" }, ["START", "sound"]],
    ["closed before the first sound", { at: { session: 1 }, fault: { kind: "close", code: 1011 } }, ["START"]],
    ["START answered twice", { fault: "start-twice" }, ["START", "START", "sound", "END NORMAL"]],
    [
      "a stall in the sound",
      { at: { spoken_ms: 200 }, fault: { kind: "stall", for_ms: 50 } },
      ["START", "sound", "END NORMAL"],
    ],
    ["a fault of recognition alone", { service: "rasr", fault: "reset" }, ["START", "sound", "END NORMAL"]],
  ];
  for (const [what, fault, words] of faults) {
    test(`${what}: ${words.join(", ")}`, async () => {
      const over = (said: readonly string[]) => said.length >= words.length && words.at(-1)?.startsWith("END") === true;
      const heard = await ask({ faults: [fault] }, [start("1234567890", { sample_rate: "16000" })], over);
      assert.deepEqual(heard.words, words);
    });
  }

  test("a fault for synthesis passes recognition by, and an upgrade is refused", async () => {
    const fault = { service: "rtts", fault: { kind: "refuse", status: 429, times: 1 } } as const;
    await using simulator = await startSimulator({ faults: [fault] });
    const rasr = new WebSocket(`${simulator.url}/v1/project-1/rasr/continue-stream`);
    await once(rasr, "open", { signal: AbortSignal.timeout(patienceMs) });
    const rtts = new WebSocket(`${simulator.url}/v1/project-1/rtts`);
    const [error] = (await once(rtts, "error", { signal: AbortSignal.timeout(patienceMs) })) as [Error];
    assert.match(error.message, /429/);
    rasr.terminate();
  });
});

function rms(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length));
}
