import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { copyFileSync, existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "../../scripts/build/binary.ts";
import { version } from "../../src/cli/version.ts";
import { signedManifest } from "../../src/host/update-manifest.ts";
import { builtBinary } from "./lab/binary.ts";
import { type Machine, missingForMachine, startMachine } from "./lab/machine.ts";

// A machine's life with updates, in order.

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const device = (name: string) => ({ text: readFileSync(join(root, "device", name), "utf8") });

const files = {
  "etc/systemd/system/sis-agent.service": device("systemd/sis-agent.service"),
  "etc/systemd/system/sis-agent-settle.service": device("systemd/sis-agent-settle.service"),
  "etc/systemd/system/sis-agent.service.d/release.conf": {
    text: `[Service]
ExecStart=
ExecStart=/opt/sis-agent/current/sis-agent run --config /etc/sis-agent/agent.toml
TimeoutStartSec=4
RestartSec=500ms
`,
  },
  "usr/lib/sysusers.d/sis-agent.conf": device("sysusers/sis-agent.conf"),
  "etc/sis-agent/agent.toml": {
    text: '[sis]\nendpoint = "ws://127.0.0.1:8090"\nproject_id = "p"\n[sis.auth]\nmethod = "token"\n',
  },
  "etc/credstore/sis-agent.token": { text: "a-token\n", mode: 0o600 },
  "etc/sis-agent/update.pem": { text: publicKey.export({ type: "spki", format: "pem" }).toString() },
  "usr/local/bin/arecord": { text: "#!/bin/sh\nwhile head -c 3200 /dev/zero; do sleep 0.1; done\n", mode: 0o755 },
};

describe("a machine that is updated without packages", { skip: missingForMachine(), timeout: 600_000 }, () => {
  let machine: Machine;
  let program: Buffer;
  before(
    async () => {
      await using binary = await builtBinary("x64");
      machine = await startMachine(files);
      copyFileSync(binary.file, join(machine.root, "srv/agent"));
      program = readFileSync(binary.file);
      machine.must("systemd-sysusers; systemctl daemon-reload");
    },
    { timeout: 300_000 },
  );
  after(() => machine[Symbol.asyncDispose]());

  const publish = (name: string, bytes: Buffer) => {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const release = { version: name, arch: "x64", size: bytes.length, sha256 };
    writeFileSync(join(machine.root, "srv", name), bytes);
    writeFileSync(join(machine.root, "srv", `${name}.json`), signedManifest(release, name, privateKey));
  };
  /** A release that says that it is another version; `run` is what it does otherwise. */
  const script = (name: string, run: string) =>
    Buffer.from(`#!/bin/sh\ncase "$1" in --version) echo ${name} ;; config) ;; *) ${run} ;; esac\n`);
  const current = () => readlinkSync(join(machine.root, "opt/sis-agent/current"));
  const state = () => machine.run("systemctl show -P ActiveState sis-agent").stdout.trim();

  test("the first release is installed, and runs", () => {
    publish(version, program);
    machine.must(`/srv/agent update /srv/${version}.json`);
    assert.equal(current(), `releases/${version}`);
    assert.equal(state(), "active");
  });

  test("the next one takes its place when it has reported that it is ready", () => {
    publish("7.0.0", script("7.0.0", 'exec /srv/agent "$@"'));
    machine.must("/srv/agent update /srv/7.0.0.json");
    assert.deepEqual([current(), state()], ["releases/7.0.0", "active"]);
  });

  test("one that never gets ready is undone: the former one runs again", () => {
    publish("8.0.0", script("8.0.0", "exec sleep 1000"));
    const { status, stderr } = machine.run("/srv/agent update /srv/8.0.0.json");
    assert.equal(status, 1);
    assert.match(stderr, /8\.0\.0 does not start: 7\.0\.0 runs again/);
    assert.deepEqual([current(), state()], ["releases/7.0.0", "active"]);
    assert.ok(!existsSync(join(machine.root, "opt/sis-agent/releases/8.0.0")));
  });

  test("one that gets ready, and falls over soon after it, is undone", () => {
    publish("8.1.0", script("8.1.0", "systemd-notify READY=1; sleep 3; exit 1"));
    assert.match(machine.run("/srv/agent update /srv/8.1.0.json").stderr, /8\.1\.0 does not start: 7\.0\.0 runs again/);
    assert.deepEqual([current(), state()], ["releases/7.0.0", "active"]);
  });

  test("one that does not take the configuration is refused, and the service does not notice", () => {
    const pid = machine.must("systemctl show -P MainPID sis-agent");
    const unfit = Buffer.from(
      '#!/bin/sh\ncase "$1" in --version) echo 8.2.0 ;; *) echo "no such setting" >&2; exit 78 ;; esac\n',
    );
    publish("8.2.0", unfit);
    assert.match(machine.run("/srv/agent update /srv/8.2.0.json").stderr, /fails at "config": no such setting/);
    assert.equal(machine.must("systemctl show -P MainPID sis-agent"), pid);
  });

  test("an update that is cut off in the middle is ended by the service for that", async () => {
    publish("9.0.0", script("9.0.0", "exec sleep 1000"));
    machine.must("/srv/agent update /srv/9.0.0.json >/dev/null 2>&1 & echo $! >/run/update");
    await machine.until("readlink /opt/sis-agent/current", /9\.0\.0/);
    machine.must("kill -KILL $(cat /run/update)");
    assert.notEqual(
      machine.run("systemctl start sis-agent-settle").status,
      0,
      "it tells that it has undone the update",
    );
    assert.deepEqual([current(), state()], ["releases/7.0.0", "active"]);
    assert.ok(!existsSync(join(machine.root, "opt/sis-agent/previous")));
    assert.match(machine.must("journalctl -u sis-agent-settle -o cat --no-pager"), /7\.0\.0 runs again/);
  });
});
