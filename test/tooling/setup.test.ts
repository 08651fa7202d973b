import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

const root = path.join(import.meta.dirname, "../..");
const tools = ["sh", "cat", "dirname", "flock", "ln", "mkdir", "printf", "sed", "sha256sum", "sleep", "tail", "tr"];

/** What stands in for the programs that setup calls; each notes its call. */
const programs = {
  root: "echo 0",
  user: "echo 1000",
  x64: 'echo "linux-x64"',
  musl: 'echo "linux-x64-musl"',
  npm: `sleep 0.2; mkdir -p node_modules/.bin; printf '#!/bin/sh\\necho v24.21.0\\n' >node_modules/.bin/node
    $(command -v chmod) +x node_modules/.bin/node`,
  npmOfAnotherNode: `mkdir -p node_modules/.bin; printf '#!/bin/sh\\necho v20.0.0\\n' >node_modules/.bin/node
    $(command -v chmod) +x node_modules/.bin/node`,
  npmFails: "echo 'npm error network' >&2; exit 1",
  aptGet: "true",
  aptGetFails: "echo 'E: no network' >&2; exit 100",
};
type Program = keyof typeof programs;

/** A checkout with nothing but what setup reads, and a machine with nothing but what setup needs. */
function freshMachine(machine: { id: Program; node?: Program; npm?: Program; "apt-get"?: Program }) {
  const folder = mkdtempSync(path.join(tmpdir(), "sis-agent-setup-"));
  const bin = path.join(folder, "bin");
  const checkout = path.join(folder, "checkout");
  mkdirSync(bin);
  mkdirSync(path.join(checkout, "scripts"), { recursive: true });
  for (const name of ["package-lock.json", "scripts/setup", "scripts/node/package.json"]) {
    cpSync(path.join(root, name), path.join(checkout, name), { recursive: true });
  }
  for (const tool of [...tools, "chmod"])
    symlinkSync(spawnSync("which", [tool]).stdout.toString().trim(), path.join(bin, tool));
  const calls = path.join(folder, "calls");
  writeFileSync(calls, "");
  for (const [name, program] of Object.entries({ node: "x64", npm: "npm", ...machine })) {
    const note = name === "id" || name === "node" ? "" : `echo "${name} $*" >>${calls}\n`;
    writeFileSync(path.join(bin, name), `#!${bin}/sh\n${note}${programs[program as Program]}\n`);
    chmodSync(path.join(bin, name), 0o755);
  }
  const options = { env: { PATH: bin }, cwd: "/" };
  const script = path.join(checkout, "scripts/setup");
  return {
    checkout,
    calls: () => readFileSync(calls, "utf8").split("\n").filter(Boolean),
    setup: (...args: string[]) => spawnSync(script, args, { ...options, encoding: "utf8" }),
    begin: () => spawn(script, { ...options, stdio: "ignore" }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

test("installs once, and then only looks; stdout stays empty", () => {
  using machine = freshMachine({ id: "root", "apt-get": "aptGet" });
  const first = machine.setup();
  assert.equal(first.status, 0, first.stderr);
  assert.equal(first.stdout, "");
  assert.equal(machine.calls().filter((call) => call.startsWith("npm ci ")).length, 1);

  const startedMs = performance.now();
  const second = machine.setup();
  assert.ok(performance.now() - startedMs < 10_000);
  assert.equal(second.status, 0, second.stderr);
  assert.equal(machine.calls().filter((call) => call.startsWith("npm ci ")).length, 1);
});

test("a changed lock file is installed", () => {
  using machine = freshMachine({ id: "root", "apt-get": "aptGet" });
  machine.setup();
  const lock = path.join(machine.checkout, "package-lock.json");
  writeFileSync(lock, `${readFileSync(lock, "utf8")}\n`);
  machine.setup();
  assert.equal(machine.calls().filter((call) => call.startsWith("npm ci ")).length, 2);
});

test("two at once install once", async () => {
  using machine = freshMachine({ id: "user" });
  const codes = await Promise.all(
    [machine.begin(), machine.begin()].map(
      (child) => new Promise((resolve) => child.once("exit", (code) => resolve(code))),
    ),
  );
  assert.deepEqual(codes, [0, 0]);
  assert.equal(machine.calls().length, 1);
});

test("root gets the Debian packages, more of them for tests", () => {
  using machine = freshMachine({ id: "root", "apt-get": "aptGet" });
  machine.setup();
  const [update, install] = machine.calls().filter((call) => call.startsWith("apt-get"));
  assert.match(update ?? "", / update$/);
  assert.match(install ?? "", / install -y --no-install-recommends alsa-utils ?$/);
  machine.setup("--test");
  assert.match(machine.calls().at(-1) ?? "", /install .* alsa-utils pulseaudio .*mosquitto.* socat/);
});

test("without a network for apt it says what is missing, and goes on", () => {
  using machine = freshMachine({ id: "root", "apt-get": "aptGetFails" });
  const { status, stderr } = machine.setup();
  assert.equal(status, 0, stderr);
  assert.match(stderr, /E: no network[^]*going on without: alsa-utils/);
});

test("who is not root is told the command, and apt is left alone", () => {
  using machine = freshMachine({ id: "user", "apt-get": "aptGet" });
  const { status, stderr } = machine.setup();
  assert.equal(status, 0, stderr);
  assert.match(stderr, /sudo apt-get install --no-install-recommends alsa-utils/);
  assert.ok(!machine.calls().some((call) => call.startsWith("apt-get")));
});

test("a machine that has no pinned Node is refused by its name, before anything is installed", () => {
  using machine = freshMachine({ id: "user", node: "musl" });
  const { status, stderr } = machine.setup();
  assert.equal(status, 1);
  assert.match(stderr, /this machine is linux-x64-musl: only linux-x64 and linux-arm64/);
  assert.deepEqual(machine.calls(), []);
});

test("npm's failure is setup's, with npm's words, and nothing counts as installed", () => {
  using machine = freshMachine({ id: "user", npm: "npmFails" });
  const { status, stderr } = machine.setup();
  assert.equal(status, 1);
  assert.match(stderr, /npm error network[^]*npm ci failed/);
  assert.ok(!existsSync(path.join(machine.checkout, "node_modules/.setup-stamp")));
});

test("another Node than the pinned one is refused", () => {
  using machine = freshMachine({ id: "user", npm: "npmOfAnotherNode" });
  const { status, stderr } = machine.setup();
  assert.equal(status, 1);
  assert.match(stderr, /is v20\.0\.0, not v24\.21\.0/);
});

test("what it does not know it refuses", () => {
  using machine = freshMachine({ id: "user" });
  assert.equal(machine.setup("--everything").status, 2);
});
