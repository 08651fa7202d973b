import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs, { mkdirSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { Releases } from "../../src/host/releases.ts";
import { settle } from "../../src/host/update.ts";
import { Folder } from "../cli/process.ts";
import { lab } from "./lab/update-device.ts";

// Mishaps that update-survives.test.ts has found, each by itself.

test("a trial that is ended from elsewhere, too, is ended once: the former release is still there", async () => {
  await using device = await lab();
  await device.fetchFrom(await device.publish("1.0.0"));
  const { restart } = device.service;
  let other: Promise<void> = Promise.resolve();
  device.service.restart = async () => {
    device.service.restart = restart;
    const waits = new Promise<void>((resolve) => {
      const say = (text: string) => {
        device.say(text);
        if (text === "waiting for the update that is under way") resolve();
      };
      other = settle({ ...device, say }).catch(() => {});
    });
    await Promise.race([waits, other]);
    return restart();
  };
  await assert.rejects(device.fetchFrom(await device.publish("1.1.0", "broken")), {
    message: "1.1.0 does not start: 1.0.0 runs again",
  });
  await other;
  assert.equal(device.said.at(-1), "nothing is on trial");
  assert.deepEqual([await device.releases.current(), device.kept()], ["1.0.0", ["1.0.0"]]);
});

test("of two updates at once the second is refused, and changes nothing", async () => {
  await using device = await lab();
  const { restart } = device.service;
  device.service.restart = async () => {
    device.service.restart = restart;
    await assert.rejects(device.fetchFrom(await device.publish("1.2.0")), {
      code: "update-refused",
      message: "another update is under way",
    });
    return restart();
  };
  await device.fetchFrom(await device.publish("1.1.0"));
  assert.deepEqual([await device.releases.current(), device.running], ["1.1.0", ["1.1.0"]]);
  await device.fetchFrom(await device.publish("1.2.0"));
  assert.equal(await device.releases.current(), "1.2.0");
});

test("a program whose last bytes found no place on the disk is not taken for whole", async () => {
  await using folder = await Folder.with({ program: "x".repeat(700) });
  const wanted = { size: 700, sha256: createHash("sha256").update("x".repeat(700)).digest("hex") };
  const fetchFile = new URL("../../src/host/fetch-file.ts", import.meta.url).href;
  const script = `const { fetchProgram } = await import("${fetchFile}");
await fetchProgram({ file: "${folder.of("program")}" }, "${folder.of("fetched")}", ${JSON.stringify(wanted)}).then(
  () => console.log("whole"), (error) => console.log(error.code));`;
  // Files of 512 bytes at most: write(2) writes as much, and tells so by a number alone.
  const limited = ["-c", 'ulimit -f 1; exec "$@"', "sh", process.execPath, "--input-type=module", "-e", script];
  const { stdout, stderr } = spawnSync("sh", limited, { encoding: "utf8" });
  assert.equal(stdout, "EFBIG\n", stderr);
});

test("a release that cannot be put in place is not on trial", async () => {
  await using device = await lab();
  await device.fetchFrom(await device.publish("1.0.0"));
  mkdirSync(join(device.place, ".current"));
  await assert.rejects(device.fetchFrom(await device.publish("1.1.0")), { syscall: "rm" });
  assert.deepEqual([await device.releases.current(), await device.releases.previous()], ["1.0.0", null]);
  assert.deepEqual([device.kept(), device.running], [["1.0.0"], ["1.0.0"]]);
});

test("the former release comes back where no new link can be made: on a disk that is full", async () => {
  await using device = await lab();
  await device.fetchFrom(await device.publish("1.0.0"));
  const { restart } = device.service;
  device.service.restart = async () => {
    mkdirSync(join(device.place, ".current"), { recursive: true });
    return restart();
  };
  await assert.rejects(device.fetchFrom(await device.publish("1.1.0", "broken")), {
    message: "1.1.0 does not start: 1.0.0 runs again",
  });
  assert.deepEqual([await device.releases.current(), await device.releases.previous()], ["1.0.0", null]);
});

test("fetches that were cut off do not pile up, even where the next one comes to nothing", async () => {
  await using device = await lab();
  await device.fetchFrom(await device.publish("1.0.0"));
  for (const name of [".new-1", ".new-2", "1.0.5"]) mkdirSync(join(device.place, "releases", name));
  await assert.rejects(device.fetchFrom(await device.publish("1.1.0", "whole", "whol")), { code: "update-refused" });
  assert.deepEqual(device.kept(), ["1.0.0"]);
});

for (const bad of ["current", "previous"])
  test(`a card that fails to read the link ${bad} once costs no release`, async (t) => {
    await using device = await lab();
    for (const version of ["1.0.0", "1.1.0"]) await device.fetchFrom(await device.publish(version));
    const before = device.kept();
    let failures = 0;
    const { readlink } = fs.promises;
    t.mock.method(fs.promises, "readlink", async (link: string) => {
      if (!link.endsWith(`/${bad}`) || failures > 0) return readlink(link);
      failures += 1;
      throw Object.assign(new Error("EIO: i/o error, readlink"), { code: "EIO" });
    });
    syncBuiltinESMExports();
    t.after(() => {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    });
    const releases = new Releases(device.place);
    await assert.rejects(bad === "previous" ? releases.comeBack() : device.fetchFrom(await device.publish("1.2.0")));
    assert.deepEqual([failures, device.kept()], [1, before]);
  });

test("the current release again: it runs, or it is told that it does not", async () => {
  await using device = await lab();
  const program = "program that is broken";
  const manifest = await device.publish("1.0.0", program);
  // The power was cut in the trial of the first release: nothing could come back.
  await device.releases.keep("1.0.0", (file) => writeFile(file, program));
  await symlink("releases/1.0.0", join(device.place, "current"));
  await assert.rejects(device.fetchFrom(manifest), {
    code: "update-failed",
    message: "1.0.0 is the current release already, and does not run",
    hint: /journalctl/,
  });
});

test("a former release that starts, and does not stay up, is not said to run", async () => {
  await using device = await lab();
  await device.fetchFrom(await device.publish("1.0.0"));
  device.service.staysUp = async () => false;
  await assert.rejects(device.fetchFrom(await device.publish("1.1.0")), {
    message: "1.1.0 does not start: 1.0.0 is back in its place, and does not start either",
  });
});
