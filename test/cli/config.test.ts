import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod } from "node:fs/promises";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "smol-toml";
import { Folder, main, plainEnvironment, sisAgent } from "./process.ts";

const good = `device_id = "kiosk-17"
sis.endpoint = "ws://127.0.0.1:9"
sis.project_id = "p1"
sis.auth = { method = "aksk", access_key = "HPUA0123456789", secret_key_file = "sk" }
state_dir = "."
`;

test("check: a good configuration is ok", async () => {
  await using folder = await Folder.with({ "agent.toml": good, sk: "hunter2\n" });
  const file = folder.of("agent.toml");
  assert.deepEqual(await sisAgent(["config", "check", "--config", file]), {
    code: 0,
    signal: null,
    stdout: `${file}: ok\n`,
    stderr: "",
  });
});

test("check: everything wrong is told at once, exit code 78", async () => {
  await using folder = await Folder.with({
    "agent.toml": `${good}[buffer]\nmemory_secnds = 60\ndisk = "floppy"\n`,
    sk: "",
  });
  const file = folder.of("agent.toml");
  const env = plainEnvironment({ SIS_AGENT_SIS__CHUNK_MS: "20", SIS_AGENT_SIS__CHUNKS: "1" });
  const { code, stdout, stderr } = await sisAgent(["config", "check", "--config", file], { env });
  assert.deepEqual([code, stdout], [78, ""]);
  assert.deepEqual(stderr.trimEnd().split("\n"), [
    `${file}:7: buffer.memory_secnds: is not a setting; did you mean buffer.memory_seconds?`,
    `${file}:8: buffer.disk: found "floppy"; allowed: off, outage, always`,
    "SIS_AGENT_SIS__CHUNK_MS (sis.chunk_ms): found 20; allowed: a whole number 50..1000 (ms)",
    "SIS_AGENT_SIS__CHUNKS: is not a setting; did you mean SIS_AGENT_SIS__CHUNK_MS?",
    `${file}:4: sis.auth.secret_key_file: the file ${folder.of("sk")} is empty`,
  ]);
});

test("check: a warning leaves it ok", async () => {
  await using folder = await Folder.with({ "agent.toml": good, sk: "hunter2\n" });
  await chmod(folder.of("sk"), 0o644);
  const { code, stdout, stderr } = await sisAgent(["config", "check", "--config", folder.of("agent.toml")]);
  assert.equal(code, 0);
  assert.match(stdout, /: ok\n$/);
  assert.match(stderr, /^warning: .*agent\.toml:4: sis\.auth\.secret_key_file: every user of this machine can read /);
});

test("check: warns of a sound file that cannot be read, and of a state_dir that cannot be written", async () => {
  await using folder = await Folder.with({ "agent.toml": good, sk: "hunter2\n" });
  const env = plainEnvironment({ SIS_AGENT_STATE_DIR: "/dev/null/state" });
  await appendFile(folder.of("agent.toml"), '[audio]\nsource = "file"\npath = "away.wav"\n');
  const { code, stderr } = await sisAgent(["config", "check", "--config", folder.of("agent.toml")], { env });
  assert.equal(code, 0);
  assert.deepEqual(stderr.trimEnd().split("\n"), [
    `warning: ${folder.of("agent.toml")}:8: audio.path: ${folder.of("away.wav")} cannot be read: there is no such file or folder`,
    "warning: SIS_AGENT_STATE_DIR (state_dir): /dev/null/state cannot be written by this user: there is a file where a folder should be; nothing would survive a restart",
  ]);
});

test("a certificate that TLS does not take is told of by check, and ends a run with the same words", async () => {
  await using folder = await Folder.with({ "agent.toml": good, sk: "hunter2\n" });
  const make = ["req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=k", "-keyout", "key", "-out", "cert"];
  execFileSync("openssl", make, { cwd: folder.path, stdio: "ignore" });
  await chmod(folder.of("sk"), 0o600);
  const mqtt = '[audio]\nsource = "stdin"\n[mqtt]\nurl = "mqtts://b.example"\ncert_file = "cert"\nkey_file = "key"\n';
  await appendFile(folder.of("agent.toml"), mqtt);
  const env = plainEnvironment({ SIS_AGENT_STATE_DIR: folder.of("state") });
  const flags = ["--config", folder.of("agent.toml")];
  const check = await sisAgent(["config", "check", ...flags], { env });
  assert.equal(check.code, 78);
  assert.match(check.stderr, /^mqtt\.ca_file, mqtt\.cert_file or mqtt\.key_file cannot be used by TLS\n.*2048 bits/m);
  const run = await sisAgent(["run", ...flags], { env });
  assert.equal(run.code, 78);
  assert.match(run.stderr.trimEnd().split("\n").at(-1) ?? "", /config-invalid.*cannot be used by TLS/);
});

test("check: no such file", async () => {
  const { code, stderr } = await sisAgent(["config", "check", "--config", "/nowhere/agent.toml"]);
  assert.deepEqual([code, stderr], [78, "/nowhere/agent.toml: does not exist\n"]);
});

test("check: a secret that this user may not read", async (context) => {
  if (process.getuid?.() !== 0) {
    context.skip("only root can become another user");
    return;
  }
  await using folder = await Folder.with({ "agent.toml": good, sk: "hunter2\n" });
  await chmod(folder.path, 0o755);
  await chmod(folder.of("agent.toml"), 0o644);
  const file = folder.of("agent.toml");
  const { code, stderr } = await sisAgent(["config", "check", "--config", file], { uid: 65534, gid: 65534 });
  assert.deepEqual(
    [code, stderr],
    [78, `${file}:4: sis.auth.secret_key_file: the file ${folder.of("sk")} may not be read by this user\n`],
  );
});

test("check: the configuration may come through a pipe", async () => {
  const shell = spawn(
    "bash",
    [
      "-c",
      "exec \"$0\" \"$1\" config check --config <(printf \"device_id='d'\\nsis.endpoint='ws://[::1]'\\nsis.project_id='p'\")",
      process.execPath,
      main,
    ],
    { env: plainEnvironment(), stdio: ["ignore", "ignore", "inherit"] },
  );
  assert.deepEqual(await once(shell, "exit"), [0, null]);
});

test("show: the settings in effect, as TOML and as JSON, without secrets", async () => {
  await using folder = await Folder.with({ "agent.toml": good, sk: "hunter2\n" });
  const args = ["config", "show", "--config", folder.of("agent.toml")];
  const env = plainEnvironment({ SIS_AGENT_SIS__CHUNK_MS: "250" });
  const toml = await sisAgent(args, { env });
  assert.deepEqual([toml.code, toml.stderr], [0, ""]);
  assert.match(toml.stdout, /^chunk_ms = 250 {2}# SIS_AGENT_SIS__CHUNK_MS$/m);
  assert.match(toml.stdout, /^device_id = "kiosk-17" {2}# .*agent\.toml:1$/m);
  const json = await sisAgent([...args, "--json"], { env });
  const shown: unknown = JSON.parse(json.stdout);
  assert.ok(typeof shown === "object" && shown !== null && "settings" in shown);
  assert.deepEqual(shown.settings, JSON.parse(JSON.stringify(parse(toml.stdout))));
  assert.doesNotMatch(toml.stdout + json.stdout, /hunter2|HPUA0/);
});

test("schema: a JSON Schema, complete also through a pipe", async () => {
  const { code, stdout } = await sisAgent(["config", "schema"]);
  assert.equal(code, 0);
  const schema: unknown = JSON.parse(stdout);
  assert.ok(typeof schema === "object" && schema !== null);
  const validate = new Ajv2020({ strict: false }).compile(schema);
  assert.ok(validate(JSON.parse(JSON.stringify(parse(good)))), JSON.stringify(validate.errors));
  assert.match(stdout, /"description": "The model, as language_rate_domain/);
  assert.match(stdout, /"x-unit": "ms"/);
});

test("schema: a reader that goes away is no failure", async () => {
  const shell = spawn(
    "bash",
    ["-c", '"$0" "$1" config schema | head -c 1; exit ${PIPESTATUS[0]}', process.execPath, main],
    {
      env: plainEnvironment(),
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let stderr = "";
  shell.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  assert.deepEqual([await once(shell, "close"), stderr], [[0, null], ""]);
});
