import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { test } from "node:test";
import { version, versionLine } from "../../src/cli/version.ts";
import { sisAgent } from "./process.ts";

test("the version is package.json's", async () => {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  assert.ok(typeof manifest === "object" && manifest !== null && "version" in manifest);
  assert.equal(version, manifest.version);
  assert.deepEqual(await sisAgent(["--version"]), { code: 0, signal: null, stdout: `${versionLine()}\n`, stderr: "" });
});

for (const [args, usage] of [
  [["--help"], "Usage: sis-agent [options] [command]"],
  [["run", "--help"], "Usage: sis-agent run [options]"],
  [["doctor", "--help"], "Usage: sis-agent doctor [options]"],
  [["simulate", "-h"], "Usage: sis-agent simulate [options]"],
  [["fleet", "--help"], "Usage: sis-agent fleet [options]"],
  [["config", "--help"], "Usage: sis-agent config [options] [command]"],
  [["config", "check", "--help"], "Usage: sis-agent config check [options]"],
  [["help"], "Usage: sis-agent [options] [command]"],
  [["help", "run"], "Usage: sis-agent run [options]"],
  [["config", "help", "check"], "Usage: sis-agent config check [options]"],
  [["config", "schema", "--help"], "Usage: sis-agent config schema [options]"],
  [["config", "show", "--help"], "Usage: sis-agent config show [options]"],
] as const) {
  test(`${args.join(" ")} helps, exit code 0`, async () => {
    const { code, stdout, stderr } = await sisAgent(args);
    assert.equal(stdout.split("\n")[0], usage);
    assert.deepEqual([code, stderr], [0, ""]);
  });
}

for (const [args, ...told] of [
  [[], "Usage: sis-agent"],
  [["runn"], "unknown command 'runn'", "Did you mean run?", "sis-agent --help"],
  [["config"], "Usage: sis-agent config"],
  [["config", "chek"], "unknown command 'chek'", "Did you mean check?", "sis-agent config --help"],
  [["config", "check"], "required option '--config <file>' not specified"],
  [["config", "check", "--config"], "option '--config <file>' argument missing"],
  [["config", "check", "--config", ""], "option '--config <file>' argument '' is invalid. It is empty."],
  [["doctor", "--config", ""], "option '--config <file>' argument '' is invalid. It is empty."],
  [["doctor", "--bundle", ""], "option '--bundle <file>' argument '' is invalid. It is empty."],
  [["run", "--config", "x", "--log-level", ""], "'' is invalid. Allowed choices are debug, info, warn, error."],
  [["update", ""], "value '' is invalid for argument 'manifest'. It is empty."],
  [["config", "schema", "more"], "too many arguments"],
  [["run"], "required option '--config <file>' not specified", "sis-agent run --help"],
  [["run", "--config", "x", "--stdout", "xml"], "'xml' is invalid. Allowed choices are jsonl."],
  [["run", "--config", "x", "--log-level", "loud"], "'loud' is invalid. Allowed choices are debug, info, warn, error."],
  [["run", "--config", "x", "--log-levle", "info"], "unknown option '--log-levle'", "Did you mean --log-level?"],
  [["run", "--conf", "a.toml"], "unknown option '--conf'", "Did you mean --config?"],
  [["run", "--conf=a.toml"], "unknown option '--conf'\n(Did you mean --config?)"],
  [["run", "a.toml"], "too many arguments", "Did you mean --config?"],
  [["config", "check", "-c", "a.toml"], "unknown option '-c'\n(Did you mean --config?)"],
  [["fleet"], "required option '--mqtt <url>' not specified", "sis-agent fleet --help"],
  [["fleet", "--mqtt", "mqtt://h", "--listen", "8080"], "HOST:PORT, such as 127.0.0.1:8080"],
  [["fleet", "--mqtt", "mqtt://h", "--json", "--listen", "[::1]:80"], "'--json' cannot be used with option '--listen"],
  [["fleet", "--mqtt", "mqtt://h", "--json=1"], "option '--json' takes no value"],
  [["simulate", "--help=1"], "option '--help' takes no value"],
  [["say", "--out", "x.wav", "--device", "d", "hello"], "cannot be used with option '--device"],
  [["fleet", "--mqtt", "mqtt://h", "--watch", "--json"], "cannot be used with option '--json'"],
  [["help", "runn"], "Usage: sis-agent"],
] as const) {
  test(`"${args.join(" ")}" is bad usage, exit code 2`, async () => {
    const { code, stdout, stderr } = await sisAgent(args);
    assert.deepEqual([code, stdout], [2, ""]);
    for (const part of told) assert.ok(stderr.includes(part), `${part} in:\n${stderr}`);
  });
}

for (const value of ["TOPSECRET", "it's TOPSECRET", "a=b\nTOPSECRET"]) {
  test(`the value of an unknown option may be a secret, and is not shown: ${JSON.stringify(value)}`, async () => {
    const { code, stdout, stderr } = await sisAgent(["run", `--token=${value}`]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /unknown option '--token'\n/);
    assert.doesNotMatch(stderr, /TOPSECRET/);
  });
}

for (const args of [["run", "-tTOPSECRET"], ["run", "-t", "TOPSECRET"], ["run", "TOPSECRET"], ["-tTOPSECRET"]]) {
  test(`nor is what may be one without the option: ${args.join(" ")}`, async () => {
    const { code, stdout, stderr } = await sisAgent(args);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /unknown option '-t'\n|too many arguments for 'run'\. Expected 0 arguments but got 1\.\n/);
    assert.doesNotMatch(stderr, /SECRET/);
  });
}

test("an answer that cannot be written is a failure that says so", async () => {
  await using full = await open("/dev/full", "w");
  const { code, stderr } = await sisAgent(["config", "schema"], { stdio: ["ignore", full.fd, "pipe"] });
  assert.deepEqual([code, stderr], [1, "the answer could not be written to standard output\n"]);
});

test("an address that is no broker's is told of by the option's name", async () => {
  const { code, stderr } = await sisAgent(["fleet", "--json", "--mqtt", "mqtt://user@broker.example"]);
  assert.deepEqual([code, stderr], [78, "--mqtt has a user or password in it: use --user and --password-file\n"]);
});
