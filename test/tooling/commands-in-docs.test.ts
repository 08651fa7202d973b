// Every command that the documentation tells is tried: run as it stands there, or where that would need root, a device or
// minutes, looked at whether all that it names exists.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { missing } from "../system/lab/processes.ts";
import { commandsInBlocks, commandsInText, problemOf, root } from "./docs/commands.ts";
import { openSandbox } from "./docs/sandbox.ts";

type Trial =
  /** Run, with `more` behind it, must end with exit code 0 and print what `prints` describes; `until`: stopped by SIGINT then. */
  | { readonly prints: RegExp; readonly more?: string; readonly until?: RegExp }
  /** Only looked at, and why. */
  | { readonly because: string };

const onDevice: Trial = { because: "changes a device, as root" };
const takesLong: Trial = { because: "takes minutes" };
const needsFleet: Trial = { because: "needs a broker with certificates; test/system/console-*.test.ts have one" };
const simulates: Trial = { more: "--port 0", until: /"type":"listening".*\n/, prints: /"url":"ws:/ };

/** How each command is tried. In this order: some need what an earlier one has made. */
const trials: Readonly<Record<string, Trial>> = {
  "scripts/demo": { more: "--seconds 12 --json", prints: /"words":\{"sent":8,"heard":8,"lost":0,"doubled":0\}/ },
  "scripts/test": { more: path.join(root, "test/config/nearest.test.ts"), prints: /\d+ passed, 0 failed/ },
  "scripts/test test/recognition": takesLong,
  "npm run verify": takesLong,
  "npm run format": { because: "changes the source" },
  "scripts/campaign --faults 300 --seed 1": takesLong,
  "npm run -s agent -- config check --config agent.toml": { prints: /^agent\.toml: ok\n$/ },
  "npm run -s agent -- doctor --config agent.toml": { prints: /ok {4}session .*[^]*ok {4}broker/ },
  "npm run -s agent -- run --config agent.toml --stdout jsonl": { prints: /"type":"transcript".*"text":"0001"/ },
  "npm run -s agent -- run --config agent.toml": { prints: /"msg":"sound flows"/ },
  'npm run -s agent -- say "Ready." --config agent.toml': {
    more: "--out ready.wav --json",
    prints: /"result":"spoken"/,
  },
  "npm run -s agent -- simulate --port 8090": simulates,
  "npm run -s agent -- simulate --port 8765": simulates,
  "sis-agent doctor --config agent.toml --bundle bundle.json": { prints: /Wrote bundle\.json/ },
  "scripts/build-binary --arch arm64": takesLong,
  "scripts/sbom": { more: "sbom.json", prints: /\/sbom\.json\n$/ },
  "scripts/build-deb --arch arm64": takesLong,
  "scp dist/sis-agent_*_arm64.deb pi@kiosk-17:": onDevice,
  "sudo apt-get install ./sis-agent_*_arm64.deb": onDevice,
  "arecord -L": onDevice,
  "sudo mkdir -p /etc/credstore": onDevice,
  "sudo sh -c 'umask 077; cat >/etc/credstore/sis-agent.secret_key'": onDevice,
  "sudoedit /etc/sis-agent/agent.toml": onDevice,
  "sudo sis-agent config check --config /etc/sis-agent/agent.toml --service sis-agent": onDevice,
  "sudo systemctl enable --now sis-agent": onDevice,
  "systemctl status sis-agent": onDevice,
  "journalctl -u sis-agent -f": onDevice,
  "openssl genpkey -algorithm ed25519 -out update.key": { prints: /^$/ },
  "openssl pkey -in update.key -pubout -out update.pem": { prints: /^$/ },
  "scripts/sign-release dist/sis-agent-0.1.0-linux-arm64 update.key": {
    prints: /sis-agent-0\.1\.0-linux-arm64\.json\n$/,
  },
  "sis-agent update https://updates.example/sis-agent-0.1.0-linux-arm64.json": onDevice,
  "journalctl -u sis-agent -p warning --since today": onDevice,
  "sudo sis-agent doctor --config /etc/sis-agent/agent.toml --service sis-agent --bundle /tmp/bundle.json": onDevice,
  "sudo systemctl restart sis-agent": onDevice,
  "sudo systemctl stop sis-agent": onDevice,
  "sudo apt-get purge sis-agent": onDevice,
  "sudo apt-get install ./sis-agent_0.2.0_arm64.deb": onDevice,
  "sudo apt-get install --allow-downgrades ./sis-agent_0.1.0_arm64.deb": onDevice,
  "sudo sis-agent update https://updates.example/sis-agent-0.2.0-linux-arm64.json": onDevice,
  "sudo sis-agent update --allow-older https://updates.example/sis-agent-0.1.0-linux-arm64.json": onDevice,
  "sudo sis-agent update --settle": onDevice,
  "sudo tar -czf kiosk-17.tar.gz --exclude=audio --exclude=outbox --exclude=speech -C / etc/sis-agent etc/credstore etc/systemd/system/sis-agent.service.d var/lib/sis-agent":
    onDevice,
  "sudo tar -xzf kiosk-17.tar.gz -C /": onDevice,
  "sudo systemctl daemon-reload && sudo systemctl enable --now sis-agent && sudo systemctl restart sis-agent": onDevice,
  "mosquitto_sub -h broker.example -p 8883 --cafile fleet-ca.crt --cert sis-admin.crt --key sis-admin.key -t 'sis/v1/default/kiosk-17/#' --retained-only --remove-retained -W 5":
    needsFleet,
  "mosquitto_pub -h broker.example -p 8883 --cafile fleet-ca.crt --cert sis-admin.crt --key sis-admin.key -t homeassistant/device/kiosk-17/config -r -n":
    needsFleet,
  "sis-agent fleet --mqtt mqtts://broker.example:8883 --ca-file fleet-ca.crt --cert-file sis-console.crt --key-file sis-console.key":
    needsFleet,
  "openssl rand -hex 24 >console.token && chmod 600 console.token": { prints: /^$/ },
  "sis-agent fleet … --listen 0.0.0.0:8443 --token-file console.token --tls-cert page.crt --tls-key page.key":
    needsFleet,
};

const blocks = commandsInBlocks();
const execute = promisify(execFile);
const helps = new Map<string, Promise<string>>();

function helpOf(script: string): Promise<string> {
  const known = helps.get(script);
  if (known !== undefined) return known;
  const [file = "", ...args] = script.split(" ");
  const help = execute(path.join(root, file), [...args, "--help"]).then(
    ({ stdout, stderr }) => stdout + stderr,
    // The usage of one that does not know --help is as good.
    (error: unknown) => String((error as { stderr?: unknown }).stderr),
  );
  helps.set(script, help);
  return help;
}

test("it is said of every command how it is tried, and of none that is not there", () => {
  assert.ok(blocks.size > 20);
  assert.deepEqual(Object.keys(trials).toSorted(), [...blocks.keys()].toSorted());
});

test("the commands that are told name only what exists", async () => {
  const problems = await Promise.all(
    [...blocks.keys(), ...commandsInText().keys()].map((line) => problemOf(line, helpOf)),
  );
  assert.deepEqual(
    problems.filter((problem) => problem !== null),
    [],
  );
});

for (const [line, saying] of [
  ["sis-agent runn --config x", "sis-agent does not take"],
  ["sis-agent run --confg x", "has no option --confg"],
  ["sudo sis-agent config check --config", "lacks its value"],
  ["npm run -s agent -- config chek", "config does not take chek"],
  ["npm run -s agent config check", "-- is missing"],
  ["npm run tset", "no script tset"],
  ["scripts/tset", "there is no scripts/tset"],
  ["scripts/campaign --fault 3", "does not know --fault"],
  ["node_modules/.bin/node scripts/away.ts", "there is no scripts/away.ts"],
  ["mkdir x && rmdri x", "rmdri is not a program"],
] as const) {
  test(`a mistake is seen: ${line}`, async () => {
    assert.ok((await problemOf(line, helpOf))?.includes(saying), String(await problemOf(line, helpOf)));
  });
}

test("commands that can be run do what the documentation says", {
  skip: missing("npm", "openssl"),
  timeout: 600_000,
  concurrency: 2,
}, async (context) => {
  await using sandbox = await openSandbox();
  const runs = Object.entries(trials).flatMap(([line, trial]) => ("prints" in trial ? [{ line, ...trial }] : []));
  const attempt = ({ line, prints, more = "", until }: (typeof runs)[number]) =>
    context.test(line, async () => {
      const { code, output } = await sandbox.run(`${line} ${more}`, until ?? null);
      // The shell that is stopped has no exit code.
      assert.equal(code, until === undefined ? 0 : null, output);
      assert.match(output, prints);
    });
  // The long one goes along with all the others, which take turns.
  const [demo, ...others] = runs;
  assert.ok(demo !== undefined);
  const oneAfterTheOther = async () => {
    for (const run of others) await attempt(run);
  };
  await Promise.all([attempt(demo), oneAfterTheOther()]);
});
