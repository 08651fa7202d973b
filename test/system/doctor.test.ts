import assert from "node:assert/strict";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { plugIn } from "../../scripts/panel-simulator/port.ts";
import { SimulatedPanel } from "../../scripts/panel-simulator/simulated-panel.ts";
import { testAccounts } from "../../src/simulator/accounts.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { Folder, plainEnvironment, sisAgent } from "../cli/process.ts";
import { startRaw, startService } from "../sis/lab/peer.ts";
import { startAgentProcess } from "./lab/agent-process.ts";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { missing } from "./lab/processes.ts";
import { missingForPulse, startPulse } from "./lab/pulse.ts";

const fakeRecorder = fileURLToPath(new URL("lab/fake-recorder", import.meta.url));
const testCa = fileURLToPath(new URL("../sis/lab/tls/ca.pem", import.meta.url));
const [accessKey = "", secretKey = ""] = Object.entries(testAccounts.accessKeys)[0] ?? [];

/** 100 ms of a tone at about −38 dBFS. */
const sound = Buffer.from(
  Int16Array.from({ length: 1600 }, (_, n) => Math.round(600 * Math.sin((n * Math.PI) / 16))).buffer,
);

const aksk = `[sis.auth]\nmethod = "aksk"\naccess_key = "${accessKey}"\nsecret_key_file = "sk"\n`;
const sis = (endpoint: string) => `[sis]\nendpoint = "${endpoint}"\nproject_id = "p"\n`;

interface Report {
  readonly outcome: string;
  readonly checks: readonly {
    readonly check: string;
    readonly status: string;
    readonly says: string;
    readonly mend: string;
  }[];
}

/** Runs the doctor on a configuration, with a microphone that does as it is told. */
async function examine(
  config: string,
  {
    env = {},
    files = {},
    args = [],
  }: {
    readonly env?: Readonly<Record<string, string>>;
    readonly files?: Readonly<Record<string, string>>;
    readonly args?: readonly string[];
  } = {},
) {
  await using folder = await Folder.with({ sk: `${secretKey}\n`, ...files });
  await writeFile(folder.of("sound"), sound);
  await writeFile(folder.of("agent.toml"), `device_id = "kiosk-17"\nstate_dir = "${folder.of("state")}"\n${config}`);
  await mkdir(folder.of("state"));
  const startMs = performance.now();
  const ending = await sisAgent(["doctor", "--config", folder.of("agent.toml"), "--json", ...args], {
    env: plainEnvironment({
      PATH: `${fakeRecorder}:${process.env["PATH"] ?? ""}`,
      FAKE_RECORDER: "plays",
      FAKE_SOUND: folder.of("sound"),
      ...env,
    }),
  });
  const tookMs = performance.now() - startMs;
  assert.equal(ending.stderr, "");
  const report = JSON.parse(ending.stdout) as Report;
  const of = (name: string) => {
    const found = report.checks.find(({ check }) => check === name);
    assert.ok(found !== undefined, `no ${name} in ${ending.stdout}`);
    return found;
  };
  const statuses = report.checks.map(({ check, status }) => `${check} ${status}`);
  return { code: ending.code, report, of, statuses, tookMs };
}

const nothingWrong = [
  "config ok",
  "clock ok",
  "disk ok",
  "microphone ok",
  "dns ok",
  "tls ok",
  "credentials ok",
  "session ok",
  "broker skip",
  "panel skip",
];

describe("the doctor", { concurrency: 4 }, () => {
  test("all is well: service, broker, microphone and panel, each in its line; a bundle without secrets", {
    skip: mosquittoMissing || missing("socat"),
  }, async () => {
    const users = { "kiosk-17": "hunter2-broker" };
    const acl = ["pattern write sis/v1/+/%u/up/#", "pattern read sis/v1/+/%u/dn/#"];
    await using broker = await startMosquitto({ users, acl });
    await using service = await startSimulator({ auth: "aksk" });
    await using place = await Folder.with({});
    await using end = await plugIn(place.of("panel"));
    using panel = new SimulatedPanel((bytes) => end.send(bytes));
    end.onBytes((bytes) => panel.hear(bytes));
    const mqtt = `[mqtt]\nurl = "${broker.url}"\nuser = "kiosk-17"\npassword_file = "pw"\n`;
    const { code, report, of, statuses } = await examine(
      `${sis(service.url)}${aksk}${mqtt}[panel]\nport = "${place.of("panel")}"\n`,
      { files: { pw: "hunter2-broker" }, args: ["--bundle", place.of("bundle.json")] },
    );
    assert.deepEqual(
      statuses.slice(0, 10),
      nothingWrong.map((line) => line.replace("skip", "ok")),
      JSON.stringify(report.checks),
    );
    assert.deepEqual([code, report.outcome], [0, "ok"]);
    assert.match(of("microphone").says, /level -38 dBFS, peak -35 dBFS, noise floor -38 dBFS/);
    assert.match(of("session").says, /START, a second of silence and END/);
    assert.match(of("panel").says, /40 characters/);
    assert.equal(service.state().audio_ms, 1000);
    assert.deepEqual(service.state().violations, {});
    const bundle = await readFile(place.of("bundle.json"), "utf8");
    assert.equal((await stat(place.of("bundle.json"))).mode & 0o777, 0o600);
    for (const secret of [secretKey, accessKey, "hunter2"]) assert.ok(!bundle.includes(secret), secret);
    assert.match(bundle, /catch_up_rate = 3/);
  });

  test("a real microphone, in a room where someone speaks", { skip: missingForPulse("arecord") }, async () => {
    await using room = await startPulse();
    await using service = await startSimulator({});
    const words = Int16Array.from({ length: 32_000 }, (_, n) => Math.round(900 * Math.sin((n * Math.PI) / 16)));
    let isOver = false;
    const speak = async () => {
      while (!isOver) await room.play(words);
    };
    const speaking = speak();
    const { of } = await examine(`${sis(service.url)}[audio]\ndevice = "${room.device}"\n`, {
      env: { ...room.env, PATH: process.env["PATH"] ?? "" },
    }).finally(() => {
      isOver = true;
    });
    await speaking;
    assert.match(of("microphone").says, /^mic: level -\d+ dBFS, peak -31 dBFS/);
  });

  test("everything hangs: it ends in time all the same", async () => {
    await using hole = await startRaw(() => {});
    const { code, of, tookMs } = await examine(
      `${sis(`wss://127.0.0.1:${hole.port}`)}${aksk}[mqtt]\nurl = "mqtt://127.0.0.1:${hole.port}"\n`,
      { env: { FAKE_RECORDER: "hangs" } },
    );
    assert.equal(code, 1);
    assert.ok(tookMs < 30_000, `${tookMs} ms`);
    assert.deepEqual([of("tls").status, of("broker").status, of("microphone").status], ["fail", "fail", "fail"]);
    assert.match(of("tls").says, /no answer within/);
    assert.match(of("microphone").says, /gave no sound for/);
  });

  test("a name that DNS does not know", async () => {
    const { code, of, statuses } = await examine(`${sis("wss://sis-ext.nowhere.invalid")}${aksk}`);
    assert.equal(code, 1);
    assert.match(of("dns").says, /cannot reach sis-ext\.nowhere\.invalid: .*DNS/);
    assert.deepEqual(statuses.slice(5, 8), ["tls skip", "credentials skip", "session skip"]);
  });

  for (const [certificate, says] of [
    ["expired", /its certificate has expired/],
    ["other-host", /its certificate is for another host/],
  ] as const) {
    test(`TLS: ${certificate}`, async () => {
      await using peer = await startService(() => {}, { certificate });
      const config = `${sis(`wss://localhost:${peer.port}`)}${aksk}`;
      const { code, of } = await examine(config, { env: { NODE_EXTRA_CA_CERTS: testCa } });
      assert.equal(code, 1);
      assert.match(of("tls").says, says);
      assert.notEqual(of("tls").mend, "");
    });
  }

  test("a secret key that is wrong, a project's setting that is: told where they matter", async () => {
    await using service = await startSimulator({ auth: "aksk" });
    const wrongKey = await examine(`${sis(service.url)}${aksk}`, { files: { sk: "not-the-key" } });
    assert.equal(wrongKey.code, 1);
    assert.equal(wrongKey.of("credentials").status, "fail");
    assert.match(wrongKey.of("credentials").says, /APIGW\.0301/);
    assert.equal(wrongKey.of("session").status, "skip");
    const faults = [{ at: { session: 1 }, fault: { kind: "error", code: "SIS.0201" } }];
    const sent = await fetch(`${service.httpUrl}/control/faults`, { method: "POST", body: JSON.stringify(faults) });
    assert.ok(sent.ok, await sent.text());
    const wrongTable = await examine(`${sis(service.url)}${aksk}`);
    assert.equal(wrongTable.of("credentials").status, "ok");
    assert.match(wrongTable.of("session").says, /ERROR SIS\.0201/);
    assert.match(wrongTable.of("session").mend, /vocabulary/);
  });

  test("a state_dir that cannot be, a microphone that is not there, a broker's access list in the way", {
    skip: mosquittoMissing,
  }, async () => {
    await using service = await startSimulator({});
    await using broker = await startMosquitto({ users: { u: "pw" }, acl: ["topic read sis/#"] });
    const { code, of } = await examine(
      `${sis(service.url)}[mqtt]\nurl = "${broker.url}"\nuser = "u"\npassword_file = "pw"\n`,
      {
        files: { pw: "pw" },
        env: {
          SIS_AGENT_STATE_DIR: "/proc/nowhere",
          FAKE_RECORDER: "fails",
          FAKE_WORDS: "arecord: main:828: audio open error: No such file or directory",
        },
      },
    );
    assert.equal(code, 1);
    assert.match(of("disk").says, /\/proc\/nowhere is not there, and this user cannot make it/);
    assert.match(of("microphone").says, /is not there.*arecord -L lists/);
    assert.match(of("broker").says, /kiosk-17\/up\/… cannot be published on/);
  });

  test("a configuration that is not fit to run on, an unreadable secret among it: exit code 78, and a bundle all the same", async () => {
    await using place = await Folder.with({});
    const missingSecret = aksk.replace('"sk"', '"/nowhere/sk"');
    const { code, report } = await examine(`${sis("ws://127.0.0.1:9")}${missingSecret}`, {
      args: ["--bundle", place.of("bundle.json")],
    });
    assert.deepEqual([code, report.outcome], [78, "fail"]);
    assert.deepEqual(
      report.checks.map(({ check }) => check),
      ["config"],
    );
    assert.match(report.checks[0]?.says ?? "", /sis\.auth\.secret_key_file/);
    assert.match(await readFile(place.of("bundle.json"), "utf8"), /"configuration": null/);
  });

  test("a running agent is not disturbed: its microphone is left to it, its place at the broker, too", {
    skip: mosquittoMissing,
  }, async () => {
    await using service = await startSimulator({});
    await using broker = await startMosquitto();
    await using place = await Folder.with({});
    const config = `${sis(service.url)}[mqtt]\nurl = "${broker.url}"\n`;
    const env = { PATH: `${fakeRecorder}:${process.env["PATH"] ?? ""}`, FAKE_RECORDER: "steady" };
    await using agent = await startAgentProcess({ config, stateDir: place.of("state"), env });
    await agent.until("sound flows", () => agent.log.includes("sound flows"));
    const { of } = await examine(config.replace("[mqtt]", "[mqtt]\n"), {
      env: {
        SIS_AGENT_STATE_DIR: place.of("state"),
        SIS_AGENT_DEVICE_ID: "test-device",
        FAKE_RECORDER: "fails",
        FAKE_WORDS: "arecord: main:828: audio open error: Device or resource busy",
      },
    });
    assert.equal(of("microphone").status, "ok");
    assert.match(of("microphone").says, new RegExp(`in use by the running agent \\(process ${agent.child.pid}\\)`));
    assert.equal(of("broker").status, "ok", of("broker").says);
    agent.child.kill("SIGTERM");
    assert.equal(await agent.exit(10_000), 0);
    assert.doesNotMatch(agent.log, /took over|identity/);
  });

  test("for people: a line for each check, what to do under it, and a summary", async () => {
    await using folder = await Folder.with({ "agent.toml": `device_id = "d"\n${sis("ws://127.0.0.1:9")}` });
    const env = plainEnvironment({ SIS_AGENT_STATE_DIR: folder.of("state"), SIS_AGENT_AUDIO__SOURCE: "stdin" });
    const { code, stdout } = await sisAgent(["doctor", "--config", folder.of("agent.toml")], { env });
    assert.equal(code, 1);
    assert.match(stdout, /^ok {4}config {7}\S*agent\.toml\n/);
    assert.match(stdout, /\nFAIL {2}tls {10}cannot reach 127\.0\.0\.1:9: .*\n {19}→ Check host and port/);
    assert.match(stdout, /\n\n1 failed\.\n$/);
  });
});
