import assert from "node:assert/strict";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildDeb } from "../../scripts/build/deb.ts";
import { numberSound, plainNumbers } from "../../src/simulator/numbers.ts";
import { Folder } from "../cli/process.ts";
import { builtBinary } from "./lab/binary.ts";
import { type Machine, missingForMachine, startMachine } from "./lab/machine.ts";
import { eventually, missing } from "./lab/processes.ts";

// A machine's life with the package, in order: each test goes on where the one before it has left the machine.

const shape = plainNumbers(16_000);
const config = "/etc/sis-agent/agent.toml";
const settings = `[sis]\nendpoint = "ws://127.0.0.1:8090"\nproject_id = "p"\n`;

const files = {
  "usr/local/bin/arecord": {
    text: readFileSync(join(import.meta.dirname, "lab/wall-microphone"), "utf8"),
    mode: 0o755,
  },
  "etc/systemd/system/simulator.service": {
    text: "[Service]\nExecStart=/srv/simulator simulate --port 8090\n[Install]\nWantedBy=multi-user.target\n",
  },
  "etc/systemd/system/sis-agent.service.d/test.conf": {
    text: `[Service]
ExecStart=
ExecStart=/usr/bin/sis-agent run --config ${config} --stdout jsonl
StandardOutput=append:/srv/transcripts
StandardError=journal
RestartSec=500ms
`,
  },
};

describe("a machine with the package", { skip: missingForMachine() || missing("dpkg-deb"), timeout: 600_000 }, () => {
  let machine: Machine;
  before(
    async () => {
      await using folder = await Folder.with({});
      await using binary = await builtBinary("x64");
      machine = await startMachine(files);
      for (const version of ["1.0.0", "1.0.1"]) {
        const deb = await buildDeb({ arch: "amd64", binary: binary.file, version, out: folder.path, compression: 0 });
        copyFileSync(deb, join(machine.root, `srv/${version}.deb`));
      }
      copyFileSync(binary.file, join(machine.root, "srv/simulator"));
      const sound = numberSound(600, shape);
      writeFileSync(join(machine.root, "srv/sound.raw"), Buffer.from(sound.buffer));
      machine.must("touch /srv/epoch; systemctl daemon-reload; systemctl start simulator");
    },
    { timeout: 300_000 },
  );
  after(() => machine[Symbol.asyncDispose]());

  const show = (property: string) => machine.must(`systemctl show -P ${property} sis-agent`).trim();
  const journal = () => machine.must("journalctl -u sis-agent -o cat --no-pager");
  const untilState = (state: string) =>
    machine.until("systemctl show -P ActiveState sis-agent", new RegExp(`^${state}$`, "m"));
  const streaming = () => machine.until("systemctl show -P StatusText sis-agent", /^streaming/);
  const configure = (text: string) => writeFileSync(join(machine.root, config), text);
  const words = () =>
    readFileSync(join(machine.root, "srv/transcripts"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { final: boolean; text: string })
      .filter(({ final }) => final)
      .flatMap(({ text }) => text.split(" "))
      // The word in which the recorder was started or stopped is cut.
      .filter((word) => word.length === shape.digits)
      .map(Number);

  test("once installed it waits for its configuration, and says what to do", () => {
    const told = machine.must("dpkg -i /srv/1.0.0.deb");
    assert.match(
      told,
      /waits for its configuration:\n.*fill in \/etc\/sis-agent\/agent\.toml\n.*config check.*\n.*systemctl enable --now sis-agent/,
    );
    assert.equal(show("ActiveState"), "inactive");
    assert.equal(machine.run("systemctl is-enabled sis-agent").stdout.trim(), "disabled");
    assert.match(machine.must("id sis-agent"), /audio.*|dialout.*/);
    assert.equal(
      machine.must(`stat -c '%U:%G %a' /etc/sis-agent ${config}`),
      "root:sis-agent 750\nroot:sis-agent 640\n",
    );
    assert.match(machine.must("sis-agent --version"), /^\d+\.\d+\.\d+ \(commit /);
    assert.equal(machine.run(`sis-agent config check --config ${config}`).status, 78);
  });

  test("configured and started, it is ready when it streams, and says so", async () => {
    configure(settings);
    machine.must("systemctl enable --now sis-agent");
    assert.equal(show("ActiveState"), "active");
    await streaming();
    const pid = show("MainPID");
    assert.equal(machine.must(`stat -c %U /proc/${pid}`), "sis-agent\n");
    assert.match(machine.must(`cat /proc/${pid}/status`), /CapEff:\s*0+\n/);
    assert.match(machine.must("systemd-analyze security sis-agent"), /exposure level for sis-agent\.service: [01]\.\d/);
  });

  test("a secret of systemd's credential store opens the door", async () => {
    machine.must("mkdir -p /etc/credstore; echo a-token >/etc/credstore/sis-agent.token");
    configure(`${settings}[sis.auth]\nmethod = "token"\n`);
    machine.must("systemctl restart sis-agent");
    await streaming();
    assert.equal(
      machine.run(`sis-agent config check --config ${config}`).status,
      78,
      "root does not see what the service sees",
    );
    assert.equal(machine.must(`sis-agent config check --config ${config} --service sis-agent`), `${config}: ok\n`);
  });

  test("the journal has the log, each line with its priority", async () => {
    machine.must("systemctl stop simulator");
    await machine.until("systemctl show -P StatusText sis-agent", /^backing-off: .*cannot be reached/);
    const priorities = (priority: string) =>
      machine.must(`journalctl -u sis-agent -o cat --no-pager PRIORITY=${priority} _SYSTEMD_UNIT=sis-agent.service`);
    assert.match(priorities("6"), /"level":"info".*"msg":"sound flows"/);
    await machine.until("journalctl -u sis-agent -o cat --no-pager PRIORITY=4", /"level":"warn"/);
    assert.doesNotMatch(priorities("4"), /"level":"(info|error)"/);
    assert.equal(show("ActiveState"), "active", "a service that is away is no reason to end");
    machine.must("systemctl start simulator");
    await streaming();
  });

  test("a start while the service is away is a start: ready, with a status that explains", async () => {
    machine.must("systemctl stop sis-agent simulator");
    machine.must("systemctl start sis-agent");
    assert.equal(show("ActiveState"), "active");
    assert.match(show("StatusText"), /^backing-off: .*cannot be reached/);
    machine.must("systemctl start simulator");
    await streaming();
  });

  test("a reload takes secrets over, and names what wants a restart", async () => {
    configure(`${settings}chunk_ms = 200\n[sis.auth]\nmethod = "token"\n`);
    machine.must("systemctl reload sis-agent");
    await machine.until("journalctl -u sis-agent -o cat --no-pager", /restart the agent for the rest/);
    assert.match(journal(), /"changed":"sis\.chunk_ms"/);
    await untilState("active");
    assert.equal(show("NRestarts"), "0");
  });

  test("an agent that hangs is killed by the watchdog, and started again", async () => {
    writeFileSync(
      join(machine.root, "etc/systemd/system/sis-agent.service.d/watchdog.conf"),
      "[Service]\nWatchdogSec=3\nTimeoutAbortSec=1\n",
    );
    machine.must("systemctl daemon-reload; systemctl restart sis-agent");
    await streaming();
    const pid = show("MainPID");
    // Fed, it lives longer than the watchdog waits.
    await machine.until(`ps -o etimes= -p ${pid}`, /^ *(?:[5-9]|\d{2,})$/m);
    machine.must(`kill -STOP ${pid}`);
    await machine.until("systemctl show -P NRestarts sis-agent", /^1$/m);
    await streaming();
    assert.match(journal(), /Watchdog timeout/);
    assert.notEqual(show("MainPID"), pid);
    machine.must(
      "rm /etc/systemd/system/sis-agent.service.d/watchdog.conf; systemctl daemon-reload; systemctl restart sis-agent",
    );
    await streaming();
  });

  /** Breaks in what the microphone gave, ms. */
  const deafMs = () => {
    const spans = readFileSync(join(machine.root, "var/lib/sis-agent/heard"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ").map(Number));
    return spans.slice(1).map(([from = 0], index) => (from - (spans[index]?.[1] ?? 0)) / 16);
  };

  test("an upgrade restarts the agent for a moment: what was heard before and after it is there, once", async (t) => {
    await eventually(() => words().length > 3, "words", 60_000);
    const [before, pid] = [words().length, show("MainPID")];
    const blocks = deafMs().length;
    assert.doesNotMatch(machine.must("dpkg -i /srv/1.0.1.deb"), /does not take/);
    assert.notEqual(show("MainPID"), pid);
    await streaming();
    assert.match(machine.must("dpkg-query -W sis-agent"), /1\.0\.1/);
    assert.ok(readFileSync(join(machine.root, config), "utf8").includes("chunk_ms = 200"), "the configuration is kept");
    await eventually(() => words().length >= before + 8, "eight more words", 60_000);
    const gapMs = Math.max(...deafMs().slice(blocks));
    t.diagnostic(`nothing was captured for ${Math.round(gapMs)} ms`);
    assert.ok(gapMs < 8000, "what was captured before and after it");
    const heard = words().slice(before - 3);
    const gaps = heard.slice(1).map((word, index) => word - (heard[index] ?? 0));
    assert.ok(
      gaps.every((gap) => gap >= 1),
      `in order, none twice: ${heard.join(" ")}`,
    );
    assert.ok(gaps.reduce((sum, gap) => sum + gap - 1, 0) <= 7, `away for a moment: ${heard.join(" ")}`);
  });

  test("an upgrade to what does not take the configuration leaves the former agent running", () => {
    const pid = show("MainPID");
    configure(`${settings}no_such_setting = 1\n`);
    const told = machine.must("dpkg -i /srv/1.0.0.deb");
    assert.match(told, /does not take the configuration, so the former one goes on/);
    assert.match(told, /no_such_setting/);
    assert.deepEqual([show("ActiveState"), show("MainPID")], ["active", pid]);
  });

  test("a configuration that is not fit ends it with 78, and it is not started again", async () => {
    machine.run("systemctl restart sis-agent");
    await untilState("failed");
    assert.deepEqual([show("ExecMainStatus"), show("Result")], ["78", "exit-code"]);
    // Its RestartSec goes by.
    const until = Math.floor(Number(machine.must("cut -d' ' -f1 /proc/uptime"))) + 3;
    await machine.until(`[ "$(cut -d. -f1 /proc/uptime)" -ge ${until} ] && echo over`, /over/);
    assert.deepEqual([show("ActiveState"), show("NRestarts")], ["failed", "0"]);
    configure(settings);
    machine.must("systemctl restart sis-agent");
    await streaming();
  });

  test("it stops in time, and cleanly, also when the recorder does not answer", () => {
    machine.must("touch /run/stall");
    const seconds = Number(
      machine.must(
        's=$(date +%s.%N); systemctl stop sis-agent; e=$(date +%s.%N); echo $e $s | { read e s; perl -e "print $e-$s"; }',
      ),
    );
    assert.ok(seconds < 8, `${seconds} s`);
    assert.deepEqual([show("ActiveState"), show("Result")], ["inactive", "success"]);
    assert.equal(machine.run("pgrep arecord").stdout, "", "nothing of it is left");
    machine.must("rm /run/stall; systemctl start sis-agent");
  });

  test("the sandbox lets it open a serial port, and run the speech detector", async (context) => {
    const port = "/dev/ttyS0";
    machine.run(`mknod ${port} c 4 64`);
    machine.must(`chgrp dialout ${port}; chmod 660 ${port}`);
    if (machine.run(`stty -F ${port}`).status !== 0) return context.skip("this machine has no serial port");
    const before = readFileSync(join(machine.root, config), "utf8");
    configure(`${before}\n[audio]\ngate = "speech"\n[panel]\nport = "${port}"\n`);
    const heard = words().length;
    machine.must("systemctl restart sis-agent");
    // Nobody is at the other end: what can tell that has been opened.
    await machine.until("journalctl -u sis-agent -o cat --no-pager", /"code":"serial-silent"/);
    assert.doesNotMatch(journal(), /serial-(denied|failed)/);
    await eventually(() => words().length > heard + 3, "words pass the gate", 60_000);
    configure(before);
    machine.must("systemctl restart sis-agent");
    await streaming();
  });

  test("removed, it is gone, and its configuration and state stay; installed again, it goes on", async () => {
    machine.must("dpkg --remove sis-agent");
    assert.equal(machine.run("pgrep -u sis-agent").stdout, "");
    assert.ok(existsSync(join(machine.root, config)));
    assert.ok(existsSync(join(machine.root, "var/lib/sis-agent")));
    assert.match(machine.must("dpkg -i /srv/1.0.1.deb"), /Setting up/);
    await streaming();
  });

  test("purged, it leaves nothing", () => {
    machine.must("dpkg --purge sis-agent");
    for (const path of [
      "etc/sis-agent",
      "var/lib/sis-agent",
      "var/cache/sis-agent",
      "usr/bin/sis-agent",
      "etc/credstore/sis-agent.token",
    ])
      assert.ok(!existsSync(join(machine.root, path)), path);
    assert.notEqual(machine.run("id sis-agent").status, 0);
    assert.doesNotMatch(machine.must("systemctl list-unit-files --no-pager"), /sis-agent/);
    assert.match(
      machine.must("find / -xdev -name '*sis-agent*' -not -path '/proc/*' -not -path '/srv/*'; true"),
      /^(\/etc\/systemd\/system\/sis-agent\.service\.d\n)?$/,
    );
  });
});
