import assert from "node:assert/strict";
import { test } from "node:test";
import type { Environment } from "../../src/config/environment.ts";
import { interpret } from "../../src/config/interpret.ts";
import { problemLine } from "../../src/config/problems.ts";

const machineId = "3d1219c7c4c5404aaa1f6d2a48adfda4";
const file = "/etc/sis-agent/agent.toml";

function read(toml: string, environment: Environment = {}, machine: string | null = machineId) {
  const { settings, problems, warnings, origins } = interpret({ file, toml, environment, machineId: machine });
  const short = (lines: readonly string[]) => lines.map((line) => line.replaceAll(file, "agent.toml"));
  return { settings, origins, problems: short(problems.map(problemLine)), warnings: short(warnings.map(problemLine)) };
}

const least = `[sis]
endpoint = "wss://sis-ext.cn-north-4.myhuaweicloud.com"
project_id = "p1"
[sis.auth]
method = "aksk"
access_key = "AK"
`;

test("the least that a person must write gives the defaults", () => {
  const { settings, problems, warnings } = read(least);
  assert.deepEqual([problems, warnings], [[], []]);
  assert.deepEqual(settings, {
    device_id: "4f72604d0f3a4e20814f1290d16654b5",
    fleet: "default",
    state_dir: "/var/lib/sis-agent",
    log_level: "info",
    sis: {
      endpoint: "wss://sis-ext.cn-north-4.myhuaweicloud.com",
      project_id: "p1",
      mode: "continuous",
      property: "chinese_16k_general",
      audio_format: "pcm16k16bit",
      chunk_ms: 100,
      auth: { method: "aksk", access_key: "AK" },
    },
    audio: {
      source: "microphone",
      recorder: "arecord",
      device: "default",
      baud: 921_600,
      loop: false,
      speed: 1,
      gate: "always",
    },
    buffer: {
      memory_seconds: 120,
      disk: "outage",
      disk_megabytes: 256,
      disk_hours: 24,
      flush_ms: 500,
      catch_up_rate: 3,
    },
    synthesis: {
      property: "chinese_xiaoyan_common",
      audio_format: "pcm",
      sample_rate: 16_000,
      speed: 0,
      pitch: 0,
      volume: 50,
      gain_db: 0,
      player: "aplay",
      device: "default",
      barge_in: false,
      duck_db: 12,
      tail_ms: 500,
      cache_megabytes: 16,
    },
  });
});

test("all that may be written is taken", () => {
  const { settings, problems } = read(`device_id = "前台-1"
fleet = "shops"
state_dir = "state"
log_level = "debug"
sis.endpoint = "ws://localhost:8080"
sis.project_id = "p1"
sis.mode = "sentence"
sis.property = "chinese_8k_common"
sis.audio_format = "alaw8k8bit"
sis.chunk_ms = 500
sis.add_punc = "yes"
sis.digit_norm = false
sis.vad_head = 0
sis.vad_tail = 3000
sis.max_seconds = 60
sis.interim_results = true
sis.vocabulary_id = "v-1"
sis.need_word_info = "no"
sis.auth = { method = "password", user = "u", domain = "d", password_file = "pw", iam_endpoint = "http://[::1]:81", project_name = "r" }
audio = { source = "file", recorder = "sox", device = "hw:1", path = "../a.wav", loop = true, speed = 2.5, gate = "always" }
[buffer]
memory_seconds = 5
disk = "always"
disk_megabytes = 1
catch_up_rate = 20
[mqtt]
url = "mqtts://broker.example"
protocol = 4
user = "u"
password_file = "/pw"
ca_file = "ca"
cert_file = "cert"
key_file = "key"
transcripts = true
[panel]
port = "/dev/ttyACM0"
`);
  assert.deepEqual(problems, []);
  assert.deepEqual(settings?.sis, {
    endpoint: "ws://localhost:8080",
    project_id: "p1",
    mode: "sentence",
    property: "chinese_8k_common",
    audio_format: "alaw8k8bit",
    chunk_ms: 500,
    add_punc: true,
    digit_norm: false,
    vad_head: 0,
    vad_tail: 3000,
    max_seconds: 60,
    interim_results: true,
    vocabulary_id: "v-1",
    need_word_info: false,
    auth: {
      method: "password",
      user: "u",
      domain: "d",
      password_file: "/etc/sis-agent/pw",
      iam_endpoint: "http://[::1]:81",
      project_name: "r",
    },
  });
  assert.equal(settings?.device_id, "前台-1");
  assert.equal(settings?.state_dir, "/etc/sis-agent/state");
  assert.equal(settings?.audio.path, "/etc/a.wav");
  assert.equal(settings?.mqtt?.password_file, "/pw");
  assert.equal(settings?.mqtt?.protocol, 4);
  assert.equal(settings?.panel?.port, "/dev/ttyACM0");
});

/** What is wrong, by what is added to the least configuration, or written in its place. */
const mistakes: readonly (readonly [name: string, toml: string, ...lines: string[]])[] = [
  [
    "nothing at all",
    "",
    "agent.toml: sis.endpoint: is missing; allowed: wss://HOST[:PORT] (ws:// only on loopback)",
    "agent.toml: sis.project_id: is missing; allowed: 1 to 64 of: letters, digits, - and _",
  ],
  ["not TOML", `${least}[buffer\n`, "agent.toml:7:8: is not TOML: illegal character in key"],
  ["a value without quotes", "fleet = shops", "agent.toml:1:9: is not TOML: invalid value"],
  [
    "a number out of range",
    `${least}[buffer]\nmemory_seconds = 4`,
    "agent.toml:8: buffer.memory_seconds: found 4; allowed: a whole number 5..3600 (s)",
  ],
  [
    "a fraction",
    `${least}[buffer]\nmemory_seconds = 9.5`,
    "agent.toml:8: buffer.memory_seconds: found 9.5; allowed: a whole number 5..3600 (s)",
  ],
  [
    "no number",
    `${least}[audio]\nspeed = nan`,
    "agent.toml:8: audio.speed: found NaN; allowed: a number 0.1..100 (times real time)",
  ],
  [
    "a number in quotes",
    `${least}[buffer]\nmemory_seconds = "60"`,
    'agent.toml:8: buffer.memory_seconds: found "60"; allowed: a whole number 5..3600 (s); write it without quotes',
  ],
  [
    "a misspelt choice",
    `log_level = "wran"\n${least}`,
    'agent.toml:1: log_level: found "wran"; allowed: debug, info, warn, error; did you mean "warn"?',
  ],
  [
    "neither yes nor no",
    `${least}[audio]\nloop = "maybe"`,
    'agent.toml:8: audio.loop: found "maybe"; allowed: true or false',
  ],
  [
    "values of other kinds",
    `device_id = [1]\nfleet = 1979-05-27\nstate_dir = {}\n${least}`,
    "agent.toml:1: device_id: found a list; allowed: 1 to 64 characters, none of them / + # or a control character, not beginning with $, not . or .. alone",
    "agent.toml:2: fleet: found a date; allowed: 1 to 64 characters, none of them / + # or a control character, not beginning with $, not . or .. alone; write it in quotes",
    "agent.toml:3: state_dir: found a table; allowed: the path of a folder",
  ],
  [
    "a name that an address has no room for",
    `device_id = ".."\n${least}`,
    'agent.toml:1: device_id: found ".."; allowed: 1 to 64 characters, none of them / + # or a control character, not beginning with $, not . or .. alone',
  ],
  ["a value for a table", `audio = 5\n${least}`, "agent.toml:1: audio: found 5; allowed: a table, [audio]"],
  [
    "no quotes where they belong, and quotes where they do not",
    `device_id = 17\n${least.replace(/^device_id.*\n/, "")}project_name = 8\n[mqtt]\nurl = "mqtt://b"\nprotocol = "5"\nhome_assistant = "true"`,
    "agent.toml:1: device_id: found 17; allowed: 1 to 64 characters, none of them / + # or a control character, not beginning with $, not . or .. alone; write it in quotes",
    "agent.toml:8: sis.auth.project_name: found 8; allowed: 1 to 256 characters; write it in quotes",
    'agent.toml:11: mqtt.protocol: found "5"; allowed: 5, 4; write it without quotes',
    'agent.toml:12: mqtt.home_assistant: found "true"; allowed: true or false; write it without quotes',
  ],
  [
    "a name that is longer than it looks",
    `device_id = "${"😀".repeat(40)}"\n${least}`,
    `agent.toml:1: device_id: found "${"😀".repeat(40)}", which is too long: some characters, such as emoji, count as two; allowed: 1 to 64 characters, none of them / + # or a control character, not beginning with $, not . or .. alone`,
  ],
  [
    "paths that no system has",
    `state_dir = "/a\\u0000b"\n${least}[panel]\nport = "/dev/\\u0000"`,
    'agent.toml:1: state_dir: found "/a b"; allowed: the path of a folder',
    'agent.toml:9: panel.port: found "/dev/ "; allowed: the path of a serial port',
  ],
  [
    "a misspelt setting",
    `${least}acess_key = "x"`,
    "agent.toml:7: sis.auth.acess_key: is not a setting; did you mean sis.auth.access_key?",
  ],
  [
    "a setting of another table",
    `chunk_ms = 100\n${least}`,
    "agent.toml:1: chunk_ms: is not a setting; did you mean sis.chunk_ms?",
  ],
  [
    "a setting unlike any",
    `${least}[panel]\nport = "p"\n"Ünlike\\u001b[2J" = 1`,
    'agent.toml:9: panel."Ünlike [2J": is not a setting; known in [panel]: port, baud',
  ],
  [
    "a misspelt table",
    `${least}[bufer]\ndisk = "off"`,
    "agent.toml:7: bufer: is not a table of settings; did you mean buffer?",
  ],
  [
    "a table unlike any",
    `${least}[[zoological]]\nx = 1`,
    "agent.toml:7: zoological: is not a setting; known here: device_id, fleet, state_dir, log_level, [sis], [audio], [buffer], [synthesis], [mqtt], [metrics], [panel]",
  ],
  [
    "a dangerous key",
    `__proto__.polluted = 1\n${least}`,
    "agent.toml:1: __proto__: is not a table of settings; known here: device_id, fleet, state_dir, log_level, [sis], [audio], [buffer], [synthesis], [mqtt], [metrics], [panel]",
  ],
  [
    "a secret in the file",
    `${least}secret_key = "hunter2"\n[mqtt]\nurl = "mqtts://b"\npassword = "hunter2"`,
    "agent.toml:7: sis.auth.secret_key: a secret is not written into the configuration; put it into a file and name that in sis.auth.secret_key_file",
    "agent.toml:10: mqtt.password: a secret is not written into the configuration; put it into a file and name that in mqtt.password_file",
  ],
  [
    "an access key that cannot be one",
    least.replace('"AK"', '"A K"'),
    "agent.toml:6: sis.auth.access_key: found a value that is not shown; allowed: printable characters without spaces and commas",
  ],
  [
    "an access key that was forgotten",
    least.replace('"AK"', '""'),
    'agent.toml:6: sis.auth.access_key: found ""; allowed: printable characters without spaces and commas',
  ],
  [
    "a token where its file's path belongs",
    `${least}token_file = "${"hunter2".repeat(700)}"`,
    "agent.toml:7: sis.auth.token_file: found a value that is not shown; allowed: the path of a file",
  ],
  [
    "speech in the clear",
    least.replace("wss://", "ws://"),
    'agent.toml:2: sis.endpoint: found "ws://sis-ext.cn-north-4.myhuaweicloud.com", which is not encrypted: ws:// is for loopback only, use wss://; allowed: wss://HOST[:PORT] (ws:// only on loopback)',
  ],
  [
    "an endpoint with a path",
    least.replace("cloud.com", "cloud.com/v1/x"),
    'agent.toml:2: sis.endpoint: found "wss://sis-ext.cn-north-4.myhuaweicloud.com/v1/x", which has a path; allowed: wss://HOST[:PORT] (ws:// only on loopback)',
  ],
  [
    "no endpoint",
    least.replace("wss://", "https://"),
    'agent.toml:2: sis.endpoint: found "https://sis-ext.cn-north-4.myhuaweicloud.com", which begins with "https:"; allowed: wss://HOST[:PORT] (ws:// only on loopback)',
  ],
  [
    "a password in an address",
    `${least}[mqtt]\nurl = "mqtts://me:hunter2@b.example?token=hunter2"`,
    'agent.toml:8: mqtt.url: found "mqtts://***@b.example?***", which holds a user or a password: these have settings of their own; allowed: mqtts:// or mqtt://, then HOST[:PORT]',
  ],
  [
    "a broker without address",
    `${least}[mqtt]`,
    "agent.toml:7: mqtt.url: is missing; allowed: mqtts:// or mqtt://, then HOST[:PORT]",
  ],
  [
    "no way to prove who we are",
    least.slice(0, least.indexOf("[sis.auth]")),
    "agent.toml:1: sis.auth.method: is missing; allowed: aksk, password or token (none is for an endpoint on loopback, without other settings of sis.auth)",
  ],
  [
    "no proof for a real service",
    least.replace('"aksk"\naccess_key = "AK"', '"none"'),
    'agent.toml:5: sis.auth.method: found "none"; allowed: aksk, password or token (none is for an endpoint on loopback, without other settings of sis.auth)',
  ],
  [
    "an access key without a method",
    `sis.endpoint = "ws://127.0.0.1"\nsis.project_id = "p"\nsis.auth.access_key = "AK"`,
    "agent.toml:3: sis.auth.method: is missing; allowed: aksk, password or token (none is for an endpoint on loopback, without other settings of sis.auth)",
  ],
  [
    "an access key's method without one",
    least.replace('access_key = "AK"', ""),
    'agent.toml:4: sis.auth.access_key: is missing; method "aksk" needs it',
  ],
  [
    "a password's method without its user",
    least.replace('"aksk"\naccess_key = "AK"', '"password"'),
    'agent.toml:4: sis.auth.user: is missing; method "password" needs it',
    'agent.toml:4: sis.auth.domain: is missing; method "password" needs it',
  ],
  [
    "a password's method without IAM",
    'sis = { endpoint = "wss://s.example", project_id = "p", auth.method = "password", auth.user = "u", auth.domain = "d" }',
    "agent.toml:1: sis.auth.iam_endpoint: is missing; sis.endpoint is not of the form wss://sis-ext.REGION.myhuaweicloud.com, so that the region's is not known",
  ],
  [
    "a password in the clear",
    `${least}iam_endpoint = "http://iam.example"`,
    'agent.toml:7: sis.auth.iam_endpoint: found "http://iam.example", which is not encrypted: http:// is for loopback only, use https://; allowed: https://HOST[:PORT] (http:// only on loopback)',
  ],
  [
    "a model for the telephone and sound for a room",
    least.replace("[sis.auth]", 'property = "chinese_8k_common"\naudio_format = "pcm16k16bit"\n[sis.auth]'),
    'agent.toml:4: sis.property: the model "chinese_8k_common" takes sound of 8 kHz, and the format "pcm16k16bit" is of 16 kHz',
  ],
  [
    "a model for the telephone and the default format",
    least.replace("[sis.auth]", 'property = "chinese_8k_common"\n[sis.auth]'),
    'agent.toml:4: sis.property: the model "chinese_8k_common" takes sound of 8 kHz, and the format "pcm16k16bit" is of 16 kHz',
  ],
  [
    "a file without its path",
    `${least}[audio]\nsource = "file"`,
    'agent.toml:7: audio.path: is missing; source "file" needs the path of a WAV file',
  ],
  [
    "a serial microphone without its port",
    `${least}[audio]\nsource = "serial"`,
    'agent.toml:7: audio.path: is missing; source "serial" needs the path of a serial port',
  ],
  [
    "a serial microphone and a panel at the same port",
    `${least}[audio]\nsource = "serial"\npath = "/dev/ttyACM0"\n[panel]\nport = "/dev/ttyACM0"`,
    "agent.toml:11: panel.port: is the port that the sound comes from; each needs one of its own",
  ],
  [
    "TLS files without TLS, a password without a user",
    `${least}[mqtt]\nurl = "mqtt://127.0.0.1"\nca_file = "x"\npassword_file = "y"`,
    "agent.toml:7: mqtt.user: is missing; a password needs a user",
    "agent.toml:9: mqtt.ca_file: is for encrypted connections; mqtt.url is to begin with mqtts://",
  ],
  [
    "several at once, in the order of the file",
    `${least}colour = "red"\n[buffer]\ndisk = "floppy"\n[audio]\nsource = "file"\n`,
    "agent.toml:7: sis.auth.colour: is not a setting; known in [sis.auth]: method, access_key, secret_key_file, user, domain, password_file, iam_endpoint, project_name, token_file",
    'agent.toml:9: buffer.disk: found "floppy"; allowed: off, outage, always',
    'agent.toml:10: audio.path: is missing; source "file" needs the path of a WAV file',
  ],
];

for (const [name, toml, ...lines] of mistakes) {
  test(`mistake: ${name}`, () => {
    const { settings, problems } = read(toml);
    assert.deepEqual(problems, lines);
    assert.equal(settings, null);
    assert.ok(!problems.join().includes("hunter2"));
  });
}

test("what works, and is probably not meant, is a warning", () => {
  const { settings, warnings } = read(`${least}user = "u"\n[mqtt]\nurl = "mqtt://b.example"\nuser = "me"\n`);
  assert.notEqual(settings, null);
  assert.deepEqual(warnings, [
    'agent.toml:7: sis.auth.user: is not used by method "aksk"',
    "agent.toml:9: mqtt.url: the password and everything reported crosses the network unencrypted; use mqtts://",
  ]);
});

test("a button that nothing can press is a warning", () => {
  const button = `${least}[audio]\ngate = "button"\n`;
  for (const more of ["", '[mqtt]\nurl = "mqtts://b.example"\n']) {
    assert.deepEqual(read(`${button}${more}`).warnings, [
      "agent.toml:8: audio.gate: nothing can press the button: without [panel] no sound is sent",
    ]);
  }
  assert.deepEqual(read(`${button}[panel]\nport = "/dev/ttyACM0"\n`).warnings, []);
});

test("a device without a machine id must be named", () => {
  assert.deepEqual(read(least, {}, null).problems, [
    "agent.toml: device_id: is missing, and /etc/machine-id holds no id to derive it from; set device_id",
  ]);
  assert.equal(read(`device_id = "d"\n${least}`, {}, null).settings?.device_id, "d");
});

test("the environment overrides the file, in the setting's own type", () => {
  const { settings, problems, origins } = read(least, {
    SIS_AGENT_DEVICE_ID: "42",
    SIS_AGENT_SIS__ENDPOINT: "ws://127.0.0.1:1",
    SIS_AGENT_SIS__CHUNK_MS: "250",
    SIS_AGENT_SIS__ADD_PUNC: "yes",
    SIS_AGENT_SIS__DIGIT_NORM: "false",
    SIS_AGENT_AUDIO__SPEED: "0.5",
    SIS_AGENT_MQTT__URL: "mqtt://localhost",
    SIS_AGENT_MQTT__PROTOCOL: "4",
    SIS_AGENT_STATE_DIR: "here",
    SIS_OTHER: "x",
    HOME: "/root",
  });
  assert.deepEqual(problems, []);
  assert.equal(settings?.device_id, "42");
  assert.equal(settings?.sis.endpoint, "ws://127.0.0.1:1");
  assert.equal(settings?.sis.chunk_ms, 250);
  assert.deepEqual([settings?.sis.add_punc, settings?.sis.digit_norm], [true, false]);
  assert.equal(settings?.audio.speed, 0.5);
  assert.deepEqual(settings?.mqtt, { url: "mqtt://localhost", protocol: 4, transcripts: false, home_assistant: false });
  assert.equal(settings?.state_dir, "/etc/sis-agent/here");
  assert.deepEqual(origins.get("sis.chunk_ms"), { from: "environment", variable: "SIS_AGENT_SIS__CHUNK_MS" });
  assert.deepEqual(origins.get("sis.project_id"), { from: "file", line: 3 });
  assert.deepEqual(origins.get("sis.mode"), { from: "default" });
  assert.deepEqual(read(least).origins.get("device_id"), { from: "machine-id" });
});

for (const [variable, value, line] of [
  ["SIS_AGENT_SIS__ENDPONT", "x", "is not a setting; did you mean SIS_AGENT_SIS__ENDPOINT?"],
  ["SIS_AGENT_sis__endpoint", "x", "is not a setting; did you mean SIS_AGENT_SIS__ENDPOINT?"],
  ["SIS_AGENT_", "x", "is not a setting"],
  ["SIS_AGENT_SIS__AUTH", "x", "is a table of settings, not a setting: its settings begin with SIS_AGENT_SIS__AUTH__"],
  [
    "SIS_AGENT_MQTT__PASSWORD",
    "hunter2",
    "a secret is not taken from the environment; put it into a file and name that in SIS_AGENT_MQTT__PASSWORD_FILE",
  ],
] as const) {
  test(`variable ${variable} is refused`, () => {
    assert.deepEqual(read(least, { [variable]: value }).problems, [`${variable}: ${line}`]);
  });
}

for (const [variable, value, line] of [
  ["SIS_AGENT_SIS__CHUNK_MS", "a lot", '(sis.chunk_ms): found "a lot"; allowed: a whole number 50..1000 (ms)'],
  ["SIS_AGENT_SIS__CHUNK_MS", "0x64", '(sis.chunk_ms): found "0x64"; allowed: a whole number 50..1000 (ms)'],
  ["SIS_AGENT_SIS__CHUNK_MS", "", '(sis.chunk_ms): found ""; allowed: a whole number 50..1000 (ms)'],
  [
    "SIS_AGENT_SIS__MODE",
    "short ",
    '(sis.mode): found "short "; allowed: continuous, sentence, short; did you mean "short"?',
  ],
  ["SIS_AGENT_AUDIO__LOOP", "1", '(audio.loop): found "1"; allowed: true or false'],
] as const) {
  test(`variable ${variable} cannot be "${value}"`, () => {
    assert.deepEqual(read(least, { [variable]: value }).problems, [`${variable} ${line}`]);
  });
}

test("what Kubernetes, or a link of Docker's, sets for a service named sis-agent is no setting, and no mistake", () => {
  const variables = {
    SIS_AGENT_SERVICE_HOST: "10.0.0.1",
    SIS_AGENT_SERVICE_PORT: "80",
    SIS_AGENT_SERVICE_PORT_HTTP: "80",
    SIS_AGENT_PORT: "tcp://10.0.0.1:80",
    SIS_AGENT_PORT_80_TCP_ADDR: "10.0.0.1",
  };
  assert.deepEqual(read(least, variables).problems, []);
});

test("a variable under something that is no table leaves the file's mistake to be told", () => {
  assert.deepEqual(read(`audio = 5\n${least}`, { SIS_AGENT_AUDIO__LOOP: "true" }).problems, [
    "agent.toml:1: audio: found 5; allowed: a table, [audio]",
  ]);
});
