import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Fault } from "../../src/base/fault.ts";
import { diagnoseStatus } from "../../src/sis/catalogue.ts";
import { cacheKey, SpeechCache } from "../../src/synthesis/cache.ts";
import { hangingFile } from "../lab/hanging-file.ts";
import { runs, speechLab } from "./lab.ts";

type Lab = ReturnType<typeof speechLab>;

const silentLogger = { debug() {}, info() {}, warn() {}, error() {} };
const end = { resp_type: "END", trace_id: "t", reason: "NORMAL" };
const sentence = (mark: string) => `${mark.repeat(70)}.`;

/** Answers connection `n` with `ms` of sound. */
function answer(lab: Lab, n: number, ms: number, value: number): void {
  const link = lab.links[n];
  assert.ok(link !== undefined, `connection ${n} was opened`);
  lab.accept(link);
  link.sound(lab.sound(ms, value));
  link.say(end);
}

suite("texts are spoken", () => {
  test("the text goes out as it is, with its settings, and the client closes", async () => {
    const lab = speechLab();
    const told = lab.say("Zimmer 12.");
    answer(lab, 0, 300, 1);
    await lab.pass(400);
    assert.deepEqual(lab.link.commands, [
      { command: "START", text: "Zimmer 12.", config: { audio_format: "pcm", sample_rate: "8000" } },
    ]);
    assert.ok(lab.link.closeAsked);
    assert.deepEqual(told.outcome, { result: "spoken", spokenMs: 300, firstSoundMs: 0, retries: 0, repeats: 0 });
  });

  test("the next sentence is asked for while one is heard, no more than one ahead, and there is no gap", async () => {
    const lab = speechLab();
    const told = lab.say(["a", "b", "c", "d"].map(sentence).join(" "));
    answer(lab, 0, 3000, 1);
    await lab.pass(100);
    assert.deepEqual(lab.asked.length, 1);
    assert.equal(lab.links.length, 2, "the second connection is being opened while the first is heard");
    answer(lab, 1, 3000, 2);
    await lab.pass(1500);
    assert.equal(lab.links.length, 2, "the third has to wait");
    await lab.pass(1500);
    assert.equal(lab.links.length, 3);
    answer(lab, 2, 1000, 3);
    await lab.pass(3000);
    answer(lab, 3, 1000, 4);
    await lab.pass(3000);
    assert.equal(told.outcome?.result, "spoken");
    assert.equal(runs(lab.speaker.given), "1x3000 2x3000 3x1000 4x1000");
    const startedMs = 8000;
    assert.ok(lab.clock.monotonicMs() >= startedMs);
  });

  test("sound runs ahead of the ear by a second at most", async () => {
    const lab = speechLab();
    lab.say("Eins.");
    answer(lab, 0, 5000, 1);
    await lab.pass(2000);
    const givenMs = lab.speaker.given.length / 8;
    assert.ok(givenMs >= 2500 && givenMs <= 3100, `${givenMs} ms`);
    await lab.speech.stop();
  });

  test("less than the cushion is held back, until there is enough or no more comes", async () => {
    const lab = speechLab();
    const told = lab.say("Eins.");
    lab.accept(lab.link);
    lab.link.sound(lab.sound(100, 1));
    await lab.pass(100);
    assert.equal(lab.speaker.given.length, 0);
    lab.link.sound(lab.sound(50, 1));
    await lab.pass(10);
    assert.equal(lab.speaker.given.length, 150 * 8);
    lab.link.say(end);
    await lab.pass(300);
    assert.equal(told.outcome?.result, "spoken");
  });

  test("the sentence ahead fails for good: what came before is heard, and the rest is reported", async () => {
    const lab = speechLab();
    const told = lab.say(`${sentence("a")} ${sentence("b")}`);
    answer(lab, 0, 2000, 1);
    await lab.pass(100);
    lab.accept(lab.link);
    lab.link.say({ resp_type: "ERROR", error_code: "SIS.0415", error_msg: "no" });
    assert.equal(lab.errors.length, 1, "reported at once");
    const isOver = () => told.outcome !== null;
    await lab.pass(1500);
    assert.ok(!isOver());
    await lab.pass(1000);
    assert.ok(told.outcome?.result === "unspoken");
    assert.equal(told.outcome.spokenMs, 2000);
  });

  test("a text that failed is heard as far as it came, and no further once it is stopped", async () => {
    const lab = speechLab();
    const told = lab.say("eins");
    lab.accept(lab.link);
    lab.link.sound(lab.sound(900, 1));
    await lab.pass(20);
    lab.link.say({ resp_type: "ERROR", error_code: "SIS.0415", error_msg: "no" });
    await lab.pass(20);
    assert.ok(lab.speaker.finished && !lab.speaker.over);
    let stopped = false;
    const stop = async () => {
      await lab.speech.stop();
      stopped = true;
    };
    void stop();
    await lab.pass(10);
    assert.ok(lab.speaker.over);
    assert.ok(stopped, "nothing more is waited for");
    assert.equal(told.outcome?.result, "unspoken");
  });

  test("sentences shorter than the cushion are all heard", async () => {
    const lab = speechLab();
    const told = lab.say(["a", "b", "c"].map(sentence).join(" "));
    for (const n of [0, 1, 2]) {
      answer(lab, n, 100, n);
      await lab.pass(20);
    }
    await lab.pass(400);
    assert.equal(told.outcome?.result, "spoken");
    assert.equal(runs(lab.speaker.given), "0x100 1x100 2x100");
  });

  test("each sentence has its cushion", async () => {
    const lab = speechLab();
    lab.say(`${sentence("a")} ${sentence("b")}`);
    answer(lab, 0, 200, 1);
    lab.accept(lab.link);
    lab.link.sound(lab.sound(140, 2));
    await lab.pass(300);
    assert.equal(runs(lab.speaker.given), "1x200");
    lab.link.sound(lab.sound(10, 2));
    await lab.pass(10);
    assert.equal(runs(lab.speaker.given), "1x200 2x150");
    await lab.speech.stop();
  });

  test("an attempt that fails before its sound is none that was heard, even after one that was", async () => {
    const lab = speechLab();
    const told = lab.say("Eins.");
    const fail = async () => {
      const before = lab.links.length;
      lab.link.say({ resp_type: "FATAL_ERROR", error_code: "SIS.0413", error_msg: "", trace_id: "t" });
      await lab.nextLink(before);
    };
    lab.accept(lab.link);
    lab.link.sound(lab.sound(200, 1));
    await lab.pass(10);
    await fail();
    lab.accept(lab.link);
    await fail();
    answer(lab, 2, 300, 2);
    await lab.pass(500);
    assert.equal(told.outcome?.result, "spoken");
    assert.deepEqual(
      lab.errors.map(({ heard }) => heard),
      [true, false],
    );
    assert.equal(runs(lab.speaker.given), "1x200 2x300");
  });

  test("half a sample at the break does not shift what follows", async () => {
    const lab = speechLab();
    lab.say("Eins.");
    lab.accept(lab.link);
    lab.link.sound(lab.sound(200, 258).subarray(0, -1));
    await lab.pass(10);
    lab.link.say({ resp_type: "FATAL_ERROR", error_code: "SIS.0413", error_msg: "", trace_id: "t" });
    await lab.nextLink(1);
    answer(lab, 1, 300, 772);
    await lab.pass(500);
    assert.equal(runs(lab.speaker.given), "258x199.875 772x300");
  });

  test("what a connection still says after it was given up is not heard", async () => {
    const lab = speechLab();
    const told = lab.say("Eins.");
    const [old] = lab.links;
    assert.ok(old !== undefined);
    old.lingers = true;
    lab.accept(old);
    old.say({ resp_type: "FATAL_ERROR", error_code: "SIS.0413", error_msg: "", trace_id: "t" });
    await lab.nextLink(1);
    lab.accept(lab.link);
    old.sound(lab.sound(300, 9));
    old.say({ resp_type: "ERROR", error_code: "SIS.0415", error_msg: "" });
    old.end({ how: "closed", code: 1000, reason: "", asked: true });
    lab.link.sound(lab.sound(300, 1));
    lab.link.say(end);
    await lab.pass(500);
    assert.equal(told.outcome?.result, "spoken");
    assert.equal(runs(lab.speaker.given), "1x300");
  });

  test("bytes may be cut anywhere", async () => {
    const lab = speechLab();
    lab.say("Eins.");
    lab.accept(lab.link);
    const bytes = lab.sound(300, 258);
    for (let at = 0; at < bytes.length; at += 7) lab.link.sound(bytes.subarray(at, at + 7));
    lab.link.say(end);
    await lab.pass(500);
    assert.equal(runs(lab.speaker.given), "258x300");
  });

  test("the loudspeaker fails: the text is given up with its reason, and nothing is left open", async () => {
    const lab = speechLab();
    const told = lab.say("Eins. Zwei.");
    lab.accept(lab.link);
    lab.speaker.end(new Fault("speaker-busy", "device default is in use by another program"));
    await lab.pass(10);
    assert.ok(told.outcome?.result === "unheard");
    assert.equal(told.outcome.fault.code, "speaker-busy");
    assert.ok(lab.link.ended);
    assert.equal(lab.clock.pending, 0);
  });

  test("credentials that are refused twice are not tried again for two minutes", async () => {
    const lab = speechLab();
    const refusal = {
      how: "refused",
      diagnosis: diagnoseStatus(401),
      message: "no",
      retryAfterMs: null,
      serverDateMs: 5,
    } as const;
    const first = lab.say("Eins.");
    lab.link.end(refusal);
    await lab.pass(10);
    assert.equal(lab.renewals, 1);
    lab.link.end(refusal);
    await lab.pass(10);
    assert.ok(first.outcome?.result === "unspoken");
    const second = lab.say("Zwei.");
    await lab.pass(10);
    assert.ok(second.outcome?.result === "unspoken");
    assert.equal(second.outcome.error.code, "HTTP.401");
    assert.equal(lab.links.length, 2);
    lab.clock.advance(120_000);
    const third = lab.say("Drei.");
    assert.equal(lab.links.length, 3);
    lab.link.end(refusal);
    await lab.pass(10);
    assert.ok(third.outcome?.result === "unspoken");
    const beforeMend = lab.say("Vier.");
    await lab.pass(10);
    assert.ok(beforeMend.outcome?.result === "unspoken");
    assert.equal(lab.links.length, 3);
    // Others have to be refused anew.
    lab.speech.credentialsRenewed();
    lab.say("Fünf.");
    assert.equal(lab.links.length, 4);
    await lab.speech.stop();
  });

  test("what the service says out of turn is counted, and changes nothing", async () => {
    const lab = speechLab();
    const told = lab.say("Eins.");
    lab.link.open();
    lab.link.garble();
    lab.link.say({ resp_type: "RESULT", trace_id: "t", segments: [] });
    lab.link.sound(lab.sound(100, 1));
    lab.link.say({ resp_type: "START", trace_id: "t" });
    lab.link.sound(lab.sound(100, 1));
    lab.link.say(end);
    await lab.pass(400);
    assert.equal(told.outcome?.result, "spoken");
    assert.equal(runs(lab.speaker.given), "1x200");
    assert.deepEqual(lab.irregularities, [
      "malformed-message",
      "stray-reply",
      "sound-before-start",
      "start-answered-twice",
    ]);
  });
});

suite("texts wait for their turn", () => {
  test("one at a time, the urgent first", async () => {
    const lab = speechLab();
    lab.say("eins");
    lab.say("zwei");
    lab.say("drei", { priority: 9 });
    for (let n = 0; n < 3; n += 1) {
      assert.equal(lab.links.length, n + 1);
      answer(lab, n, 200, n);
      await lab.pass(300);
    }
    assert.deepEqual(lab.asked, ["eins", "drei", "zwei"]);
  });

  test("what cannot begin in time is dropped, and told at that time", async () => {
    const lab = speechLab();
    lab.say("eins");
    const late = lab.say("zwei", { notAfterMs: lab.clock.wallMs() + 500 });
    answer(lab, 0, 2000, 1);
    await lab.pass(490);
    assert.equal(late.outcome, null);
    await lab.pass(20);
    assert.deepEqual(late.outcome, { result: "expired" });
    const past = lab.say("drei", { notAfterMs: lab.clock.wallMs() - 1 });
    await lab.pass(10);
    assert.deepEqual(past.outcome, { result: "expired" });
    await lab.speech.stop();
  });

  test("too many are refused, as is a text that holds nothing", async () => {
    const lab = speechLab();
    const all = Array.from({ length: 34 }, (_, n) => lab.say(`n${n}`));
    const nothing = lab.say("...");
    await lab.pass(10);
    assert.deepEqual(all.at(-1)?.outcome, { result: "refused", reason: "queue-full" });
    assert.equal(all.at(-2)?.outcome, null);
    assert.deepEqual(nothing.outcome, { result: "refused", reason: "nothing-to-say" });
    await lab.speech.stop();
  });

  test("cancel ends what is heard and forgets what waits; the next text is spoken", async () => {
    const lab = speechLab();
    const first = lab.say("eins");
    const second = lab.say("zwei");
    answer(lab, 0, 5000, 1);
    await lab.pass(1000);
    lab.speech.cancel("enough");
    await lab.pass(10);
    assert.ok(first.outcome?.result === "cancelled" && first.outcome.reason === "enough");
    assert.ok(first.outcome.spokenMs >= 1000 && first.outcome.spokenMs <= 2100);
    assert.equal(second.outcome?.result, "cancelled");
    const third = lab.say("drei");
    answer(lab, 1, 200, 3);
    await lab.pass(400);
    assert.equal(third.outcome?.result, "spoken");
  });

  test("stop leaves nothing, in whatever it comes; later texts are refused", async () => {
    for (const steps of [0, 1, 2, 3]) {
      const lab = speechLab();
      const told = lab.say("eins");
      if (steps > 0) lab.link.open();
      if (steps > 1) lab.link.say({ resp_type: "START", trace_id: "t" });
      if (steps > 2) lab.link.sound(lab.sound(1000, 1));
      await lab.pass(20);
      await lab.speech.stop();
      assert.equal(told.outcome?.result, "cancelled");
      assert.equal(lab.clock.pending, 0);
      assert.ok(lab.link.ended);
      const late = lab.say("zwei");
      await lab.pass(10);
      assert.deepEqual(late.outcome, { result: "refused", reason: "stopped" });
    }
  });
});

suite("kept texts", () => {
  /** It knows whether the disk is at work. */
  class WatchedCache extends SpeechCache {
    busy = 0;

    override read(key: string): Promise<Int16Array | null> {
      return this.#watched(super.read(key));
    }

    override write(key: string, pieces: readonly Int16Array[]): Promise<void> {
      return this.#watched(super.write(key, pieces));
    }

    #watched<T>(work: Promise<T>): Promise<T> {
      this.busy += 1;
      return work.finally(() => {
        this.busy -= 1;
      });
    }
  }

  async function keptLab() {
    const folder = await mkdtemp(join(tmpdir(), "speech-"));
    const cache = new WatchedCache(folder, 1_000_000, silentLogger);
    return { folder, cache, lab: speechLab({ cache }), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  }

  /** Files take their time: the clock of the test stands still meanwhile. */
  async function until(condition: () => boolean, { lab, cache }: Awaited<ReturnType<typeof keptLab>>): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (!condition()) {
      assert.ok(performance.now() < deadline, "in time");
      await setImmediate();
      if (cache.busy === 0) await lab.pass(10);
    }
  }

  /** Has "eins" spoken, and kept. */
  async function keepOne(kept: Awaited<ReturnType<typeof keptLab>>): Promise<void> {
    const { lab } = kept;
    const first = lab.say("eins", { keep: true });
    await until(() => lab.links.length === 1, kept);
    answer(lab, 0, 300, 7);
    await until(() => first.outcome !== null, kept);
  }

  test("a text that was kept is spoken without the service", async () => {
    await using kept = await keptLab();
    const { lab } = kept;
    await keepOne(kept);
    const again = lab.say("eins", { keep: true });
    await until(() => again.outcome !== null, kept);
    assert.equal(lab.links.length, 1);
    assert.equal(again.outcome?.result, "spoken");
    assert.equal(runs(lab.speaker.given), "7x300");
    const before = lab.links.length;
    lab.say("eins");
    assert.equal(lab.links.length, before + 1, "one that is not to be kept is asked for");
    await lab.speech.stop();
  });

  test("a text is prepared in silence, after what is to be heard, and not fetched again", async () => {
    await using kept = await keptLab();
    const { lab } = kept;
    lab.say("zuerst");
    const preparing = lab.speech.prepare("eins");
    lab.say("vorher");
    answer(lab, 0, 200, 1);
    await until(() => lab.links.length === 2, kept);
    answer(lab, 1, 200, 2);
    await until(() => lab.links.length === 3, kept);
    assert.deepEqual(lab.asked, ["zuerst", "vorher"]);
    const before = lab.speakers.length;
    answer(lab, 2, 200, 3);
    assert.equal((await preparing).result, "spoken");
    assert.equal(lab.speakers.length, before, "nothing is heard");
    const again = lab.speech.prepare("eins");
    await until(() => lab.links.length === 4 || lab.clock.monotonicMs() > 5_000, kept);
    assert.equal(lab.links.length, 3);
    assert.equal((await again).result, "spoken");
    await lab.speech.stop();
  });

  test("what is to be heard does not wait for what is only fetched", async () => {
    await using kept = await keptLab();
    const { lab } = kept;
    await keepOne(kept);
    const fetching = lab.speech.prepare("zwei");
    await until(() => lab.links.length === 2, kept);
    const again = lab.say("eins", { keep: true });
    assert.equal((await fetching).result, "cancelled");
    await until(() => again.outcome !== null, kept);
    assert.equal(again.outcome?.result, "spoken");
    assert.equal(lab.links.length, 2);
    await lab.speech.stop();
  });

  test("a disk that hangs is not waited for longer than two seconds: the service is asked", async () => {
    await using kept = await keptLab();
    const { folder, lab } = kept;
    const file = join(folder, `${cacheKey("eins", { audioFormat: "pcm", sampleRate: 8000 })}.speech`);
    using _hanging = hangingFile(file);
    const first = lab.say("eins", { keep: true });
    const second = lab.say("zwei");
    await lab.pass(1_900);
    assert.deepEqual(lab.asked, []);
    await lab.pass(200);
    answer(lab, 0, 300, 7);
    await lab.pass(500);
    assert.deepEqual(lab.asked, ["eins"]);
    assert.equal(first.outcome?.result, "spoken");
    answer(lab, 1, 300, 8);
    await lab.pass(500);
    assert.equal(second.outcome?.result, "spoken");
    await lab.speech.stop();
    assert.equal(lab.clock.pending, 0);
  });

  test("a text that broke off is not kept", async () => {
    await using kept = await keptLab();
    const { lab } = kept;
    const first = lab.say("eins", { keep: true });
    await until(() => lab.links.length === 1, kept);
    lab.accept(lab.link);
    lab.link.sound(lab.sound(200, 1));
    lab.link.say({ resp_type: "ERROR", error_code: "SIS.0415", error_msg: "no" });
    await until(() => first.outcome !== null, kept);
    lab.say("eins", { keep: true });
    await until(() => lab.links.length === 2, kept);
    await lab.speech.stop();
  });
});
