import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { settle } from "../../src/host/update.ts";
import { lab } from "./lab/update-device.ts";

test("a release takes the current one's place, and only the one before it is kept", async () => {
  await using device = await lab();
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) await device.fetchFrom(await device.publish(version));
  assert.deepEqual(device.running, ["1.0.0", "1.1.0", "1.2.0"]);
  assert.equal(await device.releases.current(), "1.2.0");
  assert.deepEqual(device.kept(), ["1.1.0", "1.2.0"]);
  assert.ok(lstatSync(join(device.place, "current")).isSymbolicLink());
  assert.equal(await device.releases.previous(), null, "nothing is on trial any more");
  assert.equal(lstatSync(device.releases.programOf("1.2.0")).mode & 0o777, 0o755);
});

test("a release that does not start is undone: the former one runs again, nothing is left of it", async () => {
  await using device = await lab();
  await device.fetchFrom(await device.publish("1.0.0"));
  await assert.rejects(device.fetchFrom(await device.publish("1.1.0", "broken")), {
    code: "update-failed",
    message: "1.1.0 does not start: 1.0.0 runs again",
  });
  assert.deepEqual(device.running, ["1.0.0", "1.1.0", "1.0.0"]);
  assert.equal(await device.releases.current(), "1.0.0");
  assert.deepEqual(device.kept(), ["1.0.0"]);
  await device.fetchFrom(await device.publish("1.1.1"));
  assert.equal(await device.releases.current(), "1.1.1");
});

test("a first release that does not start is removed: the same one, mended, is not taken for installed", async () => {
  await using device = await lab();
  await assert.rejects(device.fetchFrom(await device.publish("1.0.0", "broken")), {
    code: "update-failed",
    message: /1\.0\.0 does not start: it is removed/,
  });
  assert.equal(await device.releases.current(), null);
  assert.deepEqual([device.kept(), device.running], [[], ["1.0.0"]]);
  await device.fetchFrom(await device.publish("1.0.0"));
  assert.deepEqual([await device.releases.current(), device.running], ["1.0.0", ["1.0.0", "1.0.0"]]);
});

test("where systemd cannot be asked for the restart, the release is not put in place", async () => {
  await using device = await lab();
  await device.fetchFrom(await device.publish("1.0.0"));
  device.service.restart = () => Promise.reject(new Fault("update-failed", "systemctl cannot be run"));
  await assert.rejects(device.fetchFrom(await device.publish("1.1.0")), { message: "systemctl cannot be run" });
  assert.deepEqual([await device.releases.current(), await device.releases.previous()], ["1.0.0", null]);
  assert.deepEqual(device.kept(), ["1.0.0"]);
});

test("a service that starts another program is not updated", async () => {
  await using device = await lab();
  device.service.starts = async () => false;
  await assert.rejects(device.fetchFrom(await device.publish("1.0.0")), {
    code: "update-refused",
    message: /^the service does not start .*\/opt\/current\/sis-agent/,
  });
  assert.ok(!existsSync(device.place));
});

test("what is refused changes nothing, and does not disturb the service", async () => {
  await using device = await lab();
  await device.fetchFrom(await device.publish("1.0.0"));
  const refusals: readonly (readonly [RegExp, () => Promise<string>])[] = [
    [/not the file that the manifest vouches for/, () => device.publish("1.1.0", "whole", "whol")],
    [/not the file that the manifest vouches for/, () => device.publish("1.1.0", "whole", "whose")],
    [/not the file that the manifest vouches for/, () => device.publish("1.1.0", "whole", "whole and more")],
    [/unfit/, () => device.publish("1.1.0", "unfit")],
    [/older than the current release/, () => device.publish("0.9.0")],
    [/no-such-manifest\.json cannot be had: ENOENT/, async () => device.folder.of("no-such-manifest.json")],
    [/no https:\/\/ address/, async () => "http://example.org/1.1.0.json"],
  ];
  for (const [message, publish] of refusals)
    await assert.rejects(async () => device.fetchFrom(await publish()), { message });
  assert.deepEqual(device.running, ["1.0.0"]);
  assert.deepEqual(device.kept(), ["1.0.0"]);
});

test("an older release comes back where that is asked for; the current one is nothing new", async () => {
  await using device = await lab();
  await device.fetchFrom(await device.publish("1.1.0"));
  await device.fetchFrom(await device.publish("1.0.0"), true);
  assert.equal(await device.releases.current(), "1.0.0");
  await device.fetchFrom(await device.publish("1.0.0"));
  assert.match(device.said.at(-1) ?? "", /current release already/);
  assert.deepEqual(device.running, ["1.1.0", "1.0.0"]);
});

test("the first release is not older than the program that is installed, unless that is asked for", async () => {
  await using device = await lab();
  await assert.rejects(device.fetchFrom(await device.publish("0.4.9")), {
    code: "update-refused",
    message: "0.4.9 is older than this program, 0.5.0",
    hint: /--allow-older/,
  });
  await device.fetchFrom(await device.publish("0.4.9"), true);
  await device.fetchFrom(await device.publish("0.4.10"));
  assert.deepEqual(device.running, ["0.4.9", "0.4.10"], "from then on it is the current one that counts");
});

for (const link of ["current", "previous"])
  test(`a folder in the place of the link ${link} is named, with its mend, before anything is done`, async () => {
    await using device = await lab();
    const path = join(device.place, link);
    mkdirSync(path, { recursive: true });
    await assert.rejects(device.fetchFrom(await device.publish("1.0.0")), {
      code: "update-refused",
      message: `${path} is a folder or a file, where a link to a release belongs`,
      hint:
        link === "current" ? /^Move it out of the way, or make it a release: .*ln -s/ : /^Move it out of the way\.$/,
    });
    assert.deepEqual([readdirSync(device.place), device.running], [[".lock", link], []]);
  });

test("a release is fetched from a server, manifest and program", async () => {
  await using device = await lab();
  await device.publish("1.0.0", "x".repeat(3_000_000));
  const server = createServer((request, response) => {
    const file = device.folder.of(`.${request.url}`);
    if (existsSync(file)) response.end(readFileSync(file));
    else response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const url = `http://127.0.0.1:${address.port}`;
  try {
    await device.fetchFrom(`${url}/1.0.0.json`);
    assert.equal(await device.releases.current(), "1.0.0");
    await assert.rejects(device.fetchFrom(`${url}/2.0.0.json`), {
      code: "update-failed",
      message: /the server answers 404/,
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

for (const [what, program, stays] of [
  ["a release that starts stays", "well", "1.1.0"],
  ["a release that does not is undone", "broken", "1.0.0"],
] as const)
  test(`the power goes in the middle of a trial, and ${what}`, async () => {
    await using device = await lab();
    await device.fetchFrom(await device.publish("1.0.0"));
    await device.releases.keep("1.1.0", (file) => writeFile(file, program));
    await device.releases.try("1.1.0");
    await assert.rejects(device.fetchFrom(await device.publish("1.2.0")), /on trial/);
    await settle(device).catch((error: unknown) => assert.match(String(error), /1\.0\.0 runs again/));
    assert.equal(await device.releases.current(), stays);
    await device.fetchFrom(await device.publish("1.2.0"));
    assert.equal(await device.releases.current(), "1.2.0");
  });

test("the power goes between the two links: the former release is the current one, and the trial ends", async () => {
  await using device = await lab();
  await device.fetchFrom(await device.publish("1.0.0"));
  symlinkSync("releases/1.0.0", join(device.place, "previous"));
  await settle(device);
  assert.deepEqual([await device.releases.current(), await device.releases.previous()], ["1.0.0", null]);
  assert.deepEqual(device.kept(), ["1.0.0"]);
});
