import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Environment } from "../../src/config/environment.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { ConfigFault, problemLine } from "../../src/config/problems.ts";

const fixture = (name: string) => readFileSync(new URL(`../sis/lab/tls/${name}`, import.meta.url), "utf8");
const [ca, cert, key] = [fixture("ca.pem"), fixture("good.pem"), fixture("server.key")];
const nonsense = (kind: string) => `-----BEGIN ${kind}-----\nMIIB\n-----END ${kind}-----\n`;
const asRoot = process.getuid?.() === 0;

/** A folder of files, gone at the end of the test. */
async function folderOf(files: Readonly<Record<string, string | Buffer>>) {
  const folder = await mkdtemp(join(tmpdir(), "sis-agent-config-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), content, { mode: 0o600 });
  }
  return {
    folder,
    file: join(folder, "agent.toml"),
    /** What loading says is wrong, the folder left out. */
    async problems(environment: Environment = {}) {
      const error: unknown = await loadConfiguration(join(folder, "agent.toml"), environment).catch(
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof ConfigFault, String(error));
      return { code: error.code, lines: error.message.split("\n").map((line) => line.replaceAll(folder, "…")) };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

const service = `device_id = "d"
[sis]
endpoint = "wss://sis-ext.cn-north-4.myhuaweicloud.com"
project_id = "p1"
`;
const aksk = `${service}[sis.auth]\nmethod = "aksk"\naccess_key = "AK"\n`;

test("secrets come from files beside the configuration", async () => {
  await using lab = await folderOf({
    "agent.toml": `${aksk}secret_key_file = "keys/sk"\n[mqtt]\nurl = "mqtts://b.example"\nuser = "me"\npassword_file = "mq"\nca_file = "ca"\ncert_file = "cert"\nkey_file = "key"`,
    "keys/sk": " s3cret \r\n",
    mq: "pass\n\n".slice(0, 5),
    ca: ca + cert,
    cert,
    key,
  });
  const { secrets, warnings, secretFiles } = await loadConfiguration(lab.file, {});
  assert.deepEqual(secrets.service, { method: "aksk", accessKey: "AK", secretKey: " s3cret " });
  assert.deepEqual(secrets.broker, { password: "pass", ca: ca + cert, cert, key });
  assert.deepEqual(warnings, []);
  assert.equal(secretFiles.get("sis.auth.secret_key_file"), join(lab.folder, "keys/sk"));
});

test("systemd's credentials take the place of absent settings", async () => {
  await using lab = await folderOf({
    "agent.toml": `${aksk}[mqtt]\nurl = "mqtts://b.example"\nuser = "me"`,
    "credentials/secret_key": "s3cret",
    "credentials/mqtt_password": "pass",
    "credentials/mqtt_ca": ca,
    "credentials/password": "of another method",
  });
  const { secrets, secretFiles } = await loadConfiguration(lab.file, {
    CREDENTIALS_DIRECTORY: join(lab.folder, "credentials"),
  });
  assert.deepEqual(secrets.service, { method: "aksk", accessKey: "AK", secretKey: "s3cret" });
  assert.deepEqual(secrets.broker, { password: "pass", ca, cert: undefined, key: undefined });
  assert.deepEqual([...secretFiles.keys()], ["sis.auth.secret_key_file", "mqtt.password_file", "mqtt.ca_file"]);
});

test("a setting that names a file wins over the credential", async () => {
  await using lab = await folderOf({
    "agent.toml": `${aksk}secret_key_file = "sk"`,
    sk: "mine",
    "credentials/secret_key": "systemd's",
  });
  const { secrets } = await loadConfiguration(lab.file, { CREDENTIALS_DIRECTORY: join(lab.folder, "credentials") });
  assert.deepEqual(secrets.service, { method: "aksk", accessKey: "AK", secretKey: "mine" });
});

test("a password's region and project follow from the endpoint, and can be told", async () => {
  const login = '[sis.auth]\nmethod = "password"\nuser = "u"\ndomain = "d"\npassword_file = "pw"\n';
  await using lab = await folderOf({ "agent.toml": service + login, pw: "pass" });
  const derived = await loadConfiguration(lab.file, {});
  const common = { method: "password", user: "u", domain: "d", password: "pass" };
  assert.deepEqual(derived.secrets.service, {
    ...common,
    iamEndpoint: "https://iam.cn-north-4.myhuaweicloud.com",
    project: { name: "cn-north-4" },
  });
  const local = await loadConfiguration(lab.file, {
    SIS_AGENT_SIS__ENDPOINT: "ws://127.0.0.1:8080",
    SIS_AGENT_SIS__AUTH__IAM_ENDPOINT: "http://127.0.0.1:8080",
  });
  assert.deepEqual(local.secrets.service, { ...common, iamEndpoint: "http://127.0.0.1:8080", project: { id: "p1" } });
  const told = await loadConfiguration(lab.file, { SIS_AGENT_SIS__AUTH__PROJECT_NAME: "cn-north-4_sub" });
  assert.deepEqual(told.secrets.service, {
    ...common,
    iamEndpoint: "https://iam.cn-north-4.myhuaweicloud.com",
    project: { name: "cn-north-4_sub" },
  });
});

test("a token is read again each time", async () => {
  await using lab = await folderOf({
    "agent.toml": `${service}[sis.auth]\nmethod = "token"\ntoken_file = "token"`,
    token: "first\n",
  });
  const { secrets } = await loadConfiguration(lab.file, {});
  assert.ok(secrets.service.method === "token");
  assert.equal(await secrets.service.readToken(), "first");
  await writeFile(join(lab.folder, "token"), "second\n");
  assert.equal(await secrets.service.readToken(), "second");
  await rm(join(lab.folder, "token"));
  await assert.rejects(secrets.service.readToken(), { name: "Fault", code: "config-unreadable" });
  // A start without it: whoever fetches tokens may not have come to it yet.
  const later = await loadConfiguration(lab.file, {});
  assert.match(later.warnings[0]?.message ?? "", /^names no file in .*; it is read again whenever a token is needed$/);
  await writeFile(join(lab.folder, "token"), "third\n");
  assert.ok(later.secrets.service.method === "token");
  assert.equal(await later.secrets.service.readToken(), "third");
});

test("a service on loopback needs no proof", async () => {
  await using lab = await folderOf({
    "agent.toml": 'device_id = "d"\nsis.endpoint = "ws://localhost:9"\nsis.project_id = "p"',
  });
  const { secrets } = await loadConfiguration(lab.file, {});
  assert.deepEqual(secrets.service, { method: "none" });
});

for (const [name, files, ...lines] of [
  [
    "no file and no credential",
    { "agent.toml": aksk },
    '…/agent.toml:5: sis.auth.secret_key_file: is missing; method "aksk" needs it, or the systemd credential "secret_key"',
  ],
  [
    "an empty file",
    { "agent.toml": `${aksk}secret_key_file = "sk"`, sk: "\n" },
    "…/agent.toml:8: sis.auth.secret_key_file: the file …/sk is empty",
  ],
  [
    "two lines",
    { "agent.toml": `${aksk}secret_key_file = "sk"`, sk: "one\ntwo\n" },
    "…/agent.toml:8: sis.auth.secret_key_file: the file …/sk holds more than one line of text",
  ],
  [
    "no text",
    { "agent.toml": `${aksk}secret_key_file = "sk"`, sk: Buffer.from([0xff, 0xfe]) },
    "…/agent.toml:8: sis.auth.secret_key_file: the file …/sk is not UTF-8 text",
  ],
  [
    "an endless file",
    { "agent.toml": `${aksk}secret_key_file = "/dev/zero"` },
    "…/agent.toml:8: sis.auth.secret_key_file: the file /dev/zero is larger than 65536 bytes",
  ],
  [
    "a folder",
    { "agent.toml": `${aksk}secret_key_file = "."` },
    "…/agent.toml:8: sis.auth.secret_key_file: the file … is a folder",
  ],
  [
    "a certificate without its key, and one that is none",
    {
      "agent.toml": `${aksk}secret_key_file = "sk"\n[mqtt]\nurl = "mqtts://b"\nca_file = "sk"\ncert_file = "cert"`,
      sk: "s",
      cert,
    },
    "…/agent.toml:11: mqtt.ca_file: the file …/sk holds no PEM block (-----BEGIN … to -----END …)",
    "…/agent.toml:9: mqtt.key_file: is missing; mqtt.cert_file needs it",
  ],
  [
    "mistakes in the settings and in the files, all at once",
    { "agent.toml": `colour = 1\n${aksk}secret_key_file = "sk"`, sk: "" },
    "…/agent.toml:1: colour: is not a setting; known here: device_id, fleet, state_dir, log_level, [sis], [audio], [buffer], [synthesis], [mqtt], [metrics], [panel]",
    "…/agent.toml:9: sis.auth.secret_key_file: the file …/sk is empty",
  ],
] as const) {
  test(`secrets: ${name}`, async () => {
    await using lab = await folderOf(files);
    const { code, lines: found } = await lab.problems();
    assert.deepEqual(found, lines);
    assert.equal(code, name === "a folder" ? "config-unreadable" : "config-invalid");
  });
}

const tls = `${aksk}secret_key_file = "sk"\n[mqtt]\nurl = "mqtts://b"\nca_file = "ca"\ncert_file = "cert"\nkey_file = "key"`;
const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pkcs8 = { type: "pkcs8", format: "pem" } as const;

for (const [name, files, ...lines] of [
  [
    "nonsense in PEM blocks",
    { ca: ca + nonsense("CERTIFICATE"), cert: nonsense("CERTIFICATE"), key: nonsense("PRIVATE KEY") },
    "…/agent.toml:11: mqtt.ca_file: the file …/ca holds, as block 2, no certificate that can be read",
    "…/agent.toml:12: mqtt.cert_file: the file …/cert holds no certificate that can be read",
    "…/agent.toml:13: mqtt.key_file: the file …/key holds no private key that can be read",
  ],
  [
    "certificate and key in each other's place",
    { ca, cert: key, key: cert },
    "…/agent.toml:12: mqtt.cert_file: the file …/cert holds no certificate that can be read",
    "…/agent.toml:13: mqtt.key_file: the file …/key holds no private key that can be read",
  ],
  [
    "an encrypted key",
    { ca, cert, key: privateKey.export({ ...pkcs8, cipher: "aes-256-cbc", passphrase: "x" }).toString() },
    "…/agent.toml:13: mqtt.key_file: the file …/key holds a private key that is encrypted; the agent has no passphrase for it",
  ],
  [
    "the key of another certificate",
    { ca, cert, key: privateKey.export(pkcs8).toString() },
    "…/agent.toml:13: mqtt.key_file: the file …/key holds another private key than that of mqtt.cert_file",
  ],
] as const) {
  test(`TLS files: ${name}`, async () => {
    await using lab = await folderOf({ "agent.toml": tls, sk: "s", ...files });
    assert.deepEqual((await lab.problems()).lines, lines);
  });
}

test("a secret written where its file's path belongs is not repeated", async () => {
  const places = {
    hunter2hunter2: "names no file in …",
    "hunter2/hunter2": "names a file in a folder that does not exist",
  };
  for (const [path, message] of Object.entries(places)) {
    await using lab = await folderOf({ "agent.toml": `${aksk}secret_key_file = "${path}"` });
    assert.deepEqual(await lab.problems(), {
      code: "config-unreadable",
      lines: [`…/agent.toml:8: sis.auth.secret_key_file: ${message}`],
    });
  }
});

test("a pipe that nobody writes to is an empty secret, not a wait without end", async () => {
  await using lab = await folderOf({ "agent.toml": `${aksk}secret_key_file = "pipe"` });
  assert.equal(spawnSync("mkfifo", [join(lab.folder, "pipe")]).status, 0);
  assert.deepEqual((await lab.problems()).lines, [
    "…/agent.toml:8: sis.auth.secret_key_file: the file …/pipe is empty",
  ]);
});

test("a secret that everyone can read is warned of", async () => {
  await using lab = await folderOf({ "agent.toml": `${aksk}secret_key_file = "sk"`, sk: "s" });
  await chmod(join(lab.folder, "sk"), 0o644);
  const { warnings } = await loadConfiguration(lab.file, {});
  assert.deepEqual(
    warnings.map((warning) => problemLine(warning).replaceAll(lab.folder, "…")),
    [
      "…/agent.toml:8: sis.auth.secret_key_file: every user of this machine can read …/sk; take that away with: chmod o-r",
    ],
  );
});

test("a file that this user may not read", { skip: asRoot ? "root may read everything" : false }, async () => {
  await using lab = await folderOf({ "agent.toml": `${aksk}secret_key_file = "sk"`, sk: "s" });
  await chmod(join(lab.folder, "sk"), 0);
  assert.deepEqual(await lab.problems(), {
    code: "config-unreadable",
    lines: ["…/agent.toml:8: sis.auth.secret_key_file: the file …/sk may not be read by this user"],
  });
});

for (const [name, content, code, message] of [
  ["is not there", null, "config-unreadable", "does not exist"],
  ["is no text", Buffer.from([0x66, 0xff]), "config-invalid", "is not UTF-8 text"],
  ["is too large", Buffer.alloc(300_000, "#"), "config-invalid", "is larger than 262144 bytes"],
] as const) {
  test(`a configuration that ${name}`, async () => {
    await using lab = await folderOf(content === null ? {} : { "agent.toml": content });
    assert.deepEqual(await lab.problems(), { code, lines: [`…/agent.toml: ${message}`] });
  });
}

/** The memory of a process begins with nothing that could be read: EIO. */
const unreadableNow = "/proc/self/mem";

test("a configuration, or a secret's file, that the disk does not give this time may be there the next time", async () => {
  await using lab = await folderOf({});
  await symlink(unreadableNow, lab.file);
  assert.deepEqual(await lab.problems(), { code: "disk-failed", lines: ["…/agent.toml: cannot be read: EIO"] });

  await using other = await folderOf({ "agent.toml": `colour = 1\n${aksk}secret_key_file = "sk"` });
  await symlink(unreadableNow, join(other.folder, "sk"));
  const { code, lines } = await other.problems();
  assert.equal(code, "disk-failed");
  assert.match(lines.at(-1) ?? "", /sis\.auth\.secret_key_file: the file …\/sk cannot be read: EIO$/);
});
