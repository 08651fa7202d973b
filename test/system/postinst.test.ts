// What the Debian package does when it is installed: the script as it is, but for where its files are, and without systemd, as in an
// image that is being made.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { Folder } from "../cli/process.ts";

const root = join(import.meta.dirname, "../..");

/** Installs; returns what was said, and what the service's state was made to be. */
async function installed(folder: Folder): Promise<{ readonly said: string; readonly helped: string }> {
  const script = await readFile(join(root, "device/debian/postinst"), "utf8");
  const here = script
    .replaceAll("/etc/sis-agent", folder.path)
    .replaceAll("/etc/credstore", folder.of("credstore"))
    .replaceAll("/run/systemd/system", folder.of("no-systemd"));
  const bin = folder.of("bin");
  await mkdir(bin);
  const programs = {
    "sis-agent": `exec ${process.execPath} ${join(root, "src/main.ts")} "$@"`,
    "deb-systemd-helper": `echo "$*" >>${folder.of("helped")}`,
    "systemd-sysusers": ":",
    "systemd-tmpfiles": ":",
  };
  for (const [name, text] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin, name), 0o755);
  }
  await writeFile(folder.of("postinst"), here);
  const env = { PATH: `${bin}:${process.env["PATH"]}` };
  const { stdout } = await promisify(execFile)("sh", [folder.of("postinst"), "configure"], { env });
  return { said: stdout, helped: await readFile(folder.of("helped"), "utf8") };
}

const configuration = (folder: string) => `device_id = "kiosk-17"
state_dir = "${folder}"
[sis]
endpoint = "wss://sis-ext.cn-north-4.myhuaweicloud.com"
project_id = "0123456789abcdef0123456789abcdef"
[sis.auth]
method = "aksk"
access_key = "AK"
`;

for (const hasSecret of [true, false])
  test(`in an image, with a configuration whose secret is ${hasSecret ? "" : "not "}among the credentials`, async () => {
    await using folder = await Folder.with({});
    await writeFile(folder.of("agent.toml"), configuration(folder.path));
    await mkdir(folder.of("credstore"));
    if (hasSecret) await writeFile(folder.of("credstore/sis-agent.secret_key"), "secret\n", { mode: 0o600 });
    const { said, helped } = await installed(folder);
    if (hasSecret) assert.match(helped, /^enable sis-agent\.service$/m);
    else
      assert.match(helped, /^update-state sis-agent\.service$/m, "a later upgrade knows whether it was disabled since");
    assert.match(said, hasSecret ? /^$/ : /waits for its configuration/);
  });
