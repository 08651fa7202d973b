import assert from "node:assert/strict";
import { chmod, readFile } from "node:fs/promises";
import { test } from "node:test";
import { Folder, plainEnvironment, sisAgent } from "../cli/process.ts";

const unit = `# /lib/systemd/system/x.service
[Service]
ExecStart=/usr/bin/sis-agent run
User=sis-agent
SupplementaryGroups=audio dialout
Environment=FORMER=1
LoadCredentialEncrypted=token:former
DevicePolicy=closed
DeviceAllow=char-alsa rw
MemoryMax=1G

# /etc/systemd/system/x.service.d/more.conf
[Service]
SupplementaryGroups=
Environment=
LoadCredential=
LoadCredential = secret_key:sis-agent.secret_key
Environment=SIS_AGENT_LOG_LEVEL=debug \\
# what is said in between does not count
; nor this
  'SIS_AGENT_FLEET=a b'
`;

test("a configuration is checked as the service would see it, with what its drop-ins add and take back; the exit code comes through", async () => {
  await using folder = await Folder.with({
    systemctl: `#!/bin/sh\n[ "$*" = "cat x.service" ] && cat <<'END'\n${unit}END\n`,
    "systemd-run": '#!/bin/sh\nwhile [ "$1" != -- ]; do echo "$1" >>"$0.told"; shift; done\nshift\nexec "$@"\n',
    "good.toml": '[sis]\nendpoint = "ws://127.0.0.1:9"\nproject_id = "p"\n',
    "bad.toml": '[sis]\nendpoint = "ws://127.0.0.1:9"\n',
  });
  for (const name of ["systemctl", "systemd-run"]) await chmod(folder.of(name), 0o755);
  const env = plainEnvironment({ PATH: `${folder.path}:${process.env["PATH"]}` });
  const check = (file: string, service: string) =>
    sisAgent(["config", "check", "--config", file, "--service", service], { env, cwd: folder.path });

  const good = await check("good.toml", "x.service");
  assert.deepEqual([good.code, good.stdout, good.stderr], [0, `${folder.of("good.toml")}: ok\n`, ""]);
  const told = (await readFile(folder.of("systemd-run.told"), "utf8"))
    .split("\n")
    .filter((word) => /[a-z]=/i.test(word));
  assert.deepEqual(told, [
    "User=sis-agent",
    "DevicePolicy=closed",
    "DeviceAllow=char-alsa rw",
    "LoadCredential=secret_key:sis-agent.secret_key",
    "Environment=SIS_AGENT_LOG_LEVEL=debug    'SIS_AGENT_FLEET=a b'",
  ]);

  const doctor = ["doctor", "--config", "bad.toml", "--json", "--bundle", "bundle.json", "--service", "x.service"];
  const seen = await sisAgent(doctor, { env, cwd: folder.path });
  assert.equal(seen.code, 78);
  assert.match(seen.stdout, /"config":".*\/bad\.toml","bundle":".*\/bundle\.json"/);
  assert.match(await readFile(folder.of("systemd-run.told"), "utf8"), /^SupplementaryGroups=systemd-journal$/m);

  const bad = await check("bad.toml", "x.service");
  assert.equal(bad.code, 78);
  assert.match(bad.stderr, /project_id/);
  const unknown = await check("good.toml", "y.service");
  assert.deepEqual([unknown.code, unknown.stdout], [78, ""]);
  assert.match(unknown.stderr, /systemd cannot tell what the service y\.service sees/);
});
