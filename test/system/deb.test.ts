import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { root } from "../../scripts/build/binary.ts";
import { buildDeb } from "../../scripts/build/deb.ts";
import { keys } from "../../src/config/keys.ts";
import { Folder } from "../cli/process.ts";
import { missing } from "./lab/processes.ts";

const skip = missing("dpkg-deb");

/** The package around a program that is small. */
function smallDeb(out: string): Promise<string> {
  return buildDeb({ arch: "amd64", binary: "/bin/true", version: "1.2.3", out, compression: 0 });
}

describe("the Debian package", { skip }, () => {
  let folder: Folder;
  let deb: string;
  const unpacked = () => folder.of("unpacked");
  before(async () => {
    folder = await Folder.with({});
    deb = await smallDeb(folder.path);
    spawnSync("dpkg-deb", ["--extract", deb, unpacked()]);
  });
  after(() => folder[Symbol.asyncDispose]());

  test("has what a service needs, owned by root", () => {
    const { stdout } = spawnSync("dpkg-deb", ["--contents", deb], { encoding: "utf8" });
    const files = stdout.split("\n").flatMap((line) => {
      const [, mode = "", owner, name = ""] = /^(\S+) (\S+) .* \.(\/\S*)$/.exec(line) ?? [];
      assert.ok(line === "" || owner === "root/root", line);
      return mode.startsWith("-") ? [`${mode} ${name}`] : [];
    });
    assert.deepEqual(files.toSorted(), [
      "-rw-r--r-- /usr/lib/systemd/system/sis-agent-settle.service",
      "-rw-r--r-- /usr/lib/systemd/system/sis-agent.service",
      "-rw-r--r-- /usr/lib/sysusers.d/sis-agent.conf",
      "-rw-r--r-- /usr/lib/tmpfiles.d/sis-agent.conf",
      "-rw-r--r-- /usr/lib/udev/rules.d/60-sis-agent.rules",
      "-rw-r--r-- /usr/share/doc/sis-agent/changelog.gz",
      "-rw-r--r-- /usr/share/doc/sis-agent/copyright",
      "-rw-r--r-- /usr/share/doc/sis-agent/third-party-licences.gz",
      "-rw-r--r-- /usr/share/lintian/overrides/sis-agent",
      "-rw-r--r-- /usr/share/man/man1/sis-agent.1.gz",
      "-rw-r--r-- /usr/share/sis-agent/agent.toml",
      "-rwxr-xr-x /usr/bin/sis-agent",
    ]);
  });

  test("is the same, byte by byte, when it is built again", async () => {
    assert.deepEqual(readFileSync(await smallDeb(folder.of("again"))), readFileSync(deb));
  });

  test("has a manual page that knows every command and credential, and that man takes", () => {
    const page = join(unpacked(), "usr/share/man/man1/sis-agent.1.gz");
    const text = gunzipSync(readFileSync(page)).toString().replaceAll("\\-", "-");
    for (const command of ["run", "demo", "simulate", "config check", "config schema", "config show"])
      assert.ok(text.includes(`.SS "sis-agent ${command}"`), command);
    for (const option of ["--config <file>", "--stdout <format>", "--faults <file>", "--json"])
      assert.ok(text.includes(`.B ${option}`), option);
    for (const { credential } of keys) assert.ok(credential === null || text.includes(`.B ${credential}\n`));
    if (missing("man") !== false) return;
    const { stderr } = spawnSync("man", ["--warnings", "-E", "UTF-8", "-l", "-Z", page], { encoding: "utf8" });
    assert.equal(stderr, "");
  });

  test("names the licences of what it is made of", () => {
    const licences = gunzipSync(
      readFileSync(join(unpacked(), "usr/share/doc/sis-agent/third-party-licences.gz")),
    ).toString();
    for (const name of ["Node.js 24", "mqtt 5", "ws 8", "zod 4", "commander 15", "pino 10"])
      assert.match(licences, new RegExp(`^${name}[.\\d]*\\n=+\\n\\n\\S`, "m"));
  });

  test("lintian has nothing to say", { skip: missing("lintian"), timeout: 120_000 }, () => {
    const { stdout } = spawnSync("lintian", ["--allow-root", deb], { encoding: "utf8" });
    assert.equal(stdout, "");
  });
});

test("the sample that is installed is not fit to run on: nothing starts before a person has filled it in", () => {
  const sample = join(root, "device/config.sample.toml");
  assert.ok(existsSync(sample));
  const { status } = spawnSync(process.execPath, [join(root, "src/main.ts"), "config", "check", "--config", sample]);
  assert.equal(status, 78);
});
