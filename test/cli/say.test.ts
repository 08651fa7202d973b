import assert from "node:assert/strict";
import { open, readdir, readFile, writeFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { readInt16 } from "../../src/audio/pcm.ts";
import { WavReader } from "../../src/audio/wav.ts";
import type { FaultEntry } from "../../src/simulator/faults.ts";
import { Recogniser } from "../../src/simulator/recogniser.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { Folder, main, plainEnvironment, Running, sisAgent } from "./process.ts";

/** A service, and a configuration for it. */
async function house(...faults: readonly FaultEntry[]) {
  const simulator = await startSimulator({ voice: "dtmf", faults });
  const config = `device_id = "d"\nstate_dir = "/nonexistent"\n[sis]\nendpoint = "${simulator.url}"\nproject_id = "p"\n`;
  const folder = await Folder.with({ "agent.toml": config });
  return {
    simulator,
    folder,
    say: (...args: readonly string[]) => sisAgent(["say", ...args, "--config", folder.of("agent.toml")]),
    async [Symbol.asyncDispose]() {
      await simulator[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The digits in a WAV file of 16 kHz. */
async function digitsIn(file: string): Promise<string> {
  const wav = new WavReader();
  const samples = readInt16(wav.push(await readFile(file)));
  assert.deepEqual(wav.format, { encoding: "s16", channels: 1, sampleRate: 16_000 });
  const recogniser = new Recogniser({
    sampleRate: 16_000,
    vadTailMs: 200,
    longestMs: 60_000,
    interim: false,
    voiceDbfs: -45,
  });
  const findings = [...recogniser.push(samples), ...recogniser.finish()];
  return findings.flatMap((each) => (each.type === "segment" ? each.words.map((word) => word.text) : [])).join(" ");
}

suite("say", { timeout: 150_000 }, () => {
  test("writes a WAV file that says the text, however long it is", async () => {
    await using home = await house();
    const out = home.folder.of("out.wav");
    const sentence = (n: number) => `Nummer ${n}, ${"bla ".repeat(20)}.`;
    const { code, stderr } = await home.say([1, 22, 333, 4444].map(sentence).join(" "), "--out", out);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(await digitsIn(out), "1 22 333 4444");
    assert.equal(home.simulator.state().speech.starts, 4);
    assert.deepEqual((await readdir(home.folder.path)).toSorted(), ["agent.toml", "out.wav"]);
  });

  test("--json tells what became of it, --voice picks the voice, an error heals", async () => {
    await using home = await house({ at: { spoken_ms: 100 }, fault: { kind: "fatal", code: "SIS.0412" } });
    const out = home.folder.of("out.wav");
    const { code, stdout } = await home.say("123", "--out", out, "--json", "--voice", "english_cameal_common");
    assert.equal(code, 0);
    const outcome = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([outcome["result"], outcome["retries"]], ["spoken", 1]);
    assert.equal(await digitsIn(out), "123");
    assert.deepEqual(
      home.simulator.state().speech.last.map(({ config }) => config.property),
      ["english_cameal_common", "english_cameal_common"],
    );
  });

  test("what became of it cannot be written: exit code 1; what is odd in the configuration is said", async () => {
    await using home = await house();
    await using full = await open("/dev/full", "w");
    const config = await readFile(home.folder.of("agent.toml"), "utf8");
    await writeFile(home.folder.of("odd.toml"), `${config}[mqtt]\nurl = "mqtt://b.example"\nuser = "u"\n`);
    const args = ["say", "1", "--json", "--out", home.folder.of("out.wav"), "--config", home.folder.of("odd.toml")];
    const { code, stderr } = await sisAgent(args, { stdio: ["ignore", full.fd, "pipe"] });
    assert.equal(code, 1);
    assert.match(stderr, /^warning: .*odd\.toml.*mqtt\.url: .*\nthe answer could not be written to standard output\n$/);
  });

  test("the service refuses: exit code 1, the code, and what to do", async () => {
    await using home = await house();
    const { code, stdout, stderr } = await home.say("1", "--voice", "nobody", "--out", home.folder.of("out.wav"));
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /SIS\.0411: 'property' is not supported\n.*choose a voice/);
    assert.deepEqual(await readdir(home.folder.path), ["agent.toml"]);
  });

  test("nothing to say, no text, an unknown option: exit codes 1 and 2", async () => {
    await using home = await house();
    const nothing = await home.say("...");
    assert.deepEqual([nothing.code, nothing.stderr], [1, "the text holds nothing that can be spoken\n"]);
    assert.equal((await home.say("  ")).code, 2);
    assert.equal((await sisAgent(["say"])).code, 2);
    assert.equal((await home.say("1", "--loud")).code, 2);
    const unquoted = await home.say("one", "two");
    assert.equal(unquoted.code, 2);
    assert.match(unquoted.stderr, /quotes/);
  });

  test("no configuration: exit code 78", async () => {
    const { code, stderr } = await sisAgent(["say", "1", "--config", "/nonexistent/agent.toml"]);
    assert.equal(code, 78);
    assert.match(stderr, /\/nonexistent\/agent\.toml/);
  });

  test("a file that cannot be written, and a player that is not there, are named", async () => {
    await using home = await house();
    for (const [out, why] of [
      ["/nonexistent/out.wav", "its folder does not exist"],
      [home.folder.path, "it is a folder"],
    ] as const) {
      const unwritable = await home.say("1", "--out", out);
      assert.equal(unwritable.code, 1);
      const mend = "Name a file in a folder that exists, and that this user may write to.";
      assert.equal(unwritable.stderr, `${out} cannot be written: ${why}\n${mend}\n`);
    }
    // It is known before the service is asked to speak.
    assert.equal(home.simulator.state().speech.last.length, 0);
    const args = ["say", "1", "--config", home.folder.of("agent.toml")];
    const mute = await sisAgent(args, { env: { ...plainEnvironment(), PATH: "/nonexistent" } });
    assert.deepEqual([mute.code, mute.stderr], [1, "aplay is not installed\nsudo apt-get install alsa-utils\n"]);
  });

  test("Ctrl-C ends it at once", async () => {
    await using home = await house({ at: { session: 1 }, fault: { kind: "stall", for_ms: 60_000 } });
    const args = ["say", "1", "--out", home.folder.of("out.wav"), "--config", home.folder.of("agent.toml")];
    await using running = new Running(main, args);
    const deadline = performance.now() + 20_000;
    while (home.simulator.state().speech.starts === 0 && performance.now() < deadline) {
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended();
    assert.deepEqual([code, stderr], [130, "ended: SIGINT\n"]);
    assert.deepEqual(await readdir(home.folder.path), ["agent.toml"]);
  });
});
