import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { chmodSync, existsSync } from "node:fs";
import { arch } from "node:os";
import { test } from "node:test";
import { signedManifest } from "../../src/host/update-manifest.ts";
import { eventually } from "../system/lab/processes.ts";
import { Folder, main, Running, sisAgent } from "./process.ts";

/** A release, its manifest, and the key that it is signed with. */
function signedRelease() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const program = "#!/bin/sh\necho 1.0.0\n";
  const sha256 = createHash("sha256").update(program).digest("hex");
  const release = { version: "1.0.0", arch: arch(), size: program.length, sha256 };
  return {
    program,
    "program.json": signedManifest(release, "program", privateKey),
    "update.pem": publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}

test("a folder that cannot hold releases is told in words", async () => {
  await using folder = await Folder.with({
    ...signedRelease(),
    opt: "a file",
  });
  const into = (place: string) =>
    sisAgent([
      "update",
      folder.of("program.json"),
      "--key",
      folder.of("update.pem"),
      "--folder",
      place,
      "--config",
      "none",
    ]);
  const says = [
    [folder.of("opt"), "there is a file where a folder should be"],
    [folder.of("none/opt"), "the folder is not there and cannot be made"],
    ["/proc/opt", "the folder is not there and cannot be made"],
  ] as const;
  for (const [place, why] of says) {
    const { code, stderr } = await into(place);
    const told = `releases cannot be kept in ${place}: ${why}\nRun it as root, or see to --folder.\n`;
    assert.deepEqual([code, stderr], [1, told]);
  }
});

test("the private key is refused in the public one's place", async () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  await using folder = await Folder.with({
    ...signedRelease(),
    "update.key": privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  });
  const { code, stderr } = await sisAgent(["update", folder.of("program.json"), "--key", folder.of("update.key")]);
  assert.deepEqual(
    [code, stderr.split("\n")[0]],
    [1, `the key ${folder.of("update.key")} is the private one, which signs releases`],
  );
  assert.match(stderr, /put the public key there/);
});

test("a trial is ended, or a release is fetched: both at once is refused", async () => {
  await using folder = await Folder.with({});
  const settle = (...manifest: string[]) => sisAgent(["update", ...manifest, "--settle", "--folder", folder.path]);
  const told = "error: --settle ends the trial that is under way: it takes no manifest\n";
  const both = await settle("secret.json");
  assert.deepEqual([both.code, both.stderr.slice(0, told.length)], [2, told]);
  const alone = await settle();
  assert.deepEqual([alone.code, alone.stderr], [0, "nothing is on trial\n"]);
});

const systemctl = `#!/bin/sh
case $1 in
  show) echo ActiveState=active; echo NRestarts=0 ;;
  restart) echo >> "$(dirname "$0")/restarts"; sleep 1 ;;
esac
`;

test("a terminal that hangs up, as with the line of an ssh, ends neither the update nor the restart", async () => {
  await using folder = await Folder.with({
    ...signedRelease(),
    systemctl,
  });
  chmodSync(folder.of("systemctl"), 0o755);
  const place = ["--folder", folder.of("opt"), "--key", folder.of("update.pem"), "--config", "none"];
  const env = { ...process.env, PATH: `${folder.path}:${process.env["PATH"]}` };
  // Its own group, as a terminal's.
  await using running = new Running(main, ["update", folder.of("program.json"), ...place], { env, detached: true });
  await running.until(() => running.stderr.includes("starting"));
  await eventually(() => existsSync(folder.of("restarts")), "the restart is under way");
  process.kill(-(running.child.pid ?? assert.fail("no process")), "SIGHUP");
  const { code, stderr } = await running.ended();
  assert.deepEqual([code, stderr], [0, "fetching 1.0.0\nstarting 1.0.0\n1.0.0 runs\n"]);
});
