import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { encodeALaw } from "../../src/audio/g711.ts";
import { testAccounts } from "../../src/simulator/accounts.ts";
import { numberSound, plainNumbers } from "../../src/simulator/numbers.ts";
import { startLab } from "./lab.ts";
import { runVendorClient, vendorConfig } from "./vendor-client.ts";

const sound = numberSound(5, plainNumbers(16000));
const audio = new Uint8Array(sound.buffer);
const config = vendorConfig("pcm16k16bit", "chinese_16k_general");
const [[accessKey, secretKey] = ["", ""]] = Object.entries(testAccounts.accessKeys);
const words = ["0001", "0002", "0003", "0004", "0005"];

suite("a client that speaks as the vendor's Python SDK", { timeout: 300_000 }, () => {
  for (const [stream, events, texts] of [
    ["continue-stream", [], words],
    ["sentence-stream", ["VOICE_START", "VOICE_END"], ["0001"]],
    ["short-stream", [], [words.join(" ")]],
  ] as const) {
    test(`${stream}, with AK/SK`, async () => {
      await using lab = await startLab({ auth: "aksk" });
      const url = `${lab.simulator.url}/v1/project-1/rasr/${stream}`;
      const run = await runVendorClient({ url, credentials: { accessKey, secretKey }, config, haste: 20 }, audio);
      assert.deepEqual(run.errors, []);
      assert.equal(run.started.length, 1);
      assert.deepEqual(run.events, events);
      assert.deepEqual(
        run.results.flatMap((result) => (result.segments ?? []).map((segment) => segment.result?.text)),
        texts,
      );
      assert.deepEqual(run.ended, run.started);
      assert.ok(run.closed);
      assert.equal(lab.simulator.state().audio_ms, (sound.length * 1000) / 16000);
    });
  }

  test("with a token from IAM, in the sentence mode that ENDs by itself, at 8 kHz A-law", async () => {
    await using lab = await startLab({ auth: "token", sentenceEnd: "auto" });
    const body = {
      auth: {
        identity: {
          methods: ["password"],
          password: { user: { name: "device", password: "device-password", domain: { name: "simulator" } } },
        },
        scope: { project: { name: "cn-north-4" } },
      },
    };
    const { headers, status } = await lab.http("POST", "/v3/auth/tokens", JSON.stringify(body));
    assert.equal(status, 201);
    const run = await runVendorClient(
      {
        url: `${lab.simulator.url}/v1/project-1/rasr/sentence-stream`,
        credentials: { token: headers.get("x-subject-token") ?? "" },
        config: vendorConfig("alaw8k8bit", "chinese_8k_common"),
        haste: 20,
      },
      encodeALaw(numberSound(1, plainNumbers(8000))),
    );
    assert.deepEqual(run.events, ["VOICE_START", "VOICE_END"]);
    assert.equal(run.results[0]?.segments?.[0]?.result?.text, "0001");
  });

  test("at its own pace: twice real time", async () => {
    await using lab = await startLab();
    const url = `${lab.simulator.url}/v1/project-1/rasr/continue-stream`;
    const credentials = { token: "any" };
    const run = await runVendorClient({ url, credentials, config, haste: 1 }, audio.subarray(0, 64_000));
    assert.equal(run.results[0]?.segments?.[0]?.result?.text, "0001");
    assert.deepEqual(run.errors, []);
  });

  test("it is refused with a wrong key, and told of an ERROR", async () => {
    await using lab = await startLab({
      auth: "any",
      faults: [{ at: { audio_ms: 500 }, fault: { kind: "error", code: "SIS.0305" } }],
    });
    const url = `${lab.simulator.url}/v1/project-1/rasr/continue-stream`;
    const wrong = { accessKey, secretKey: "wrong" };
    assert.match((await runVendorClient({ url, credentials: wrong, config, haste: 20 }, audio)).errors[0] ?? "", /401/);
    const right = { accessKey, secretKey };
    assert.match(
      (await runVendorClient({ url, credentials: right, config, haste: 20 }, audio)).errors[0] ?? "",
      /SIS\.0305/,
    );
  });
});
