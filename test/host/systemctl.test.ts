import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { test } from "node:test";
import { systemClock } from "../../src/base/clock.ts";
import { propertiesOf, serviceControl } from "../../src/host/systemctl.ts";
import { Folder } from "../cli/process.ts";
import { ManualClock } from "../lab/manual-clock.ts";

const program = "/opt/sis-agent/current/sis-agent";
const told = (path: string) => `ExecStart={ path=${path} ; argv[]=${path} run --config a.toml ; ignore_errors=no }`;

for (const [what, answer, starts] of [
  ["the release", told(program), true],
  ["by way of another program", `ExecStart={ path=/usr/bin/nice ; argv[]=/usr/bin/nice ${program} run ; }`, true],
  ["the package", told("/usr/bin/sis-agent"), false],
  ["another folder's release", told(`/srv${program.slice(4)}`), false],
  ["a service that systemd does not know", "", true],
] as const)
  test(`what a service starts, as systemd tells it: ${what}`, async () => {
    await using folder = await Folder.with({ systemctl: `#!/bin/sh\necho "${answer}"\n` });
    await chmod(folder.of("systemctl"), 0o755);
    const path = process.env["PATH"];
    process.env["PATH"] = `${folder.path}:${path}`;
    try {
      assert.equal(await serviceControl("sis-agent.service", systemClock).starts(program), starts);
    } finally {
      process.env["PATH"] = path;
    }
  });

test("a unit's properties are read by their names, whatever is in them", () => {
  const told = "ActiveState=active\nStatusText=a=b: ActiveState=failed\nResult=\n\nno property\n";
  assert.deepEqual(
    [...propertiesOf(told)],
    [
      ["ActiveState", "active"],
      ["StatusText", "a=b: ActiveState=failed"],
      ["Result", ""],
    ],
  );
});

test("a service that takes over its settings anew while it is looked at is up; one that has ended is not", async () => {
  for (const [states, up] of [
    ["activating active reloading active", true],
    ["active reloading failed", false],
    ["active deactivating", false],
  ] as const) {
    await using folder = await Folder.with({
      states: states.replaceAll(" ", "\n"),
      systemctl:
        '#!/bin/sh\ncd "$(dirname "$0")"\necho "ActiveState=$(head -n 1 states)"\necho NRestarts=0\n[ "$(wc -l <states)" = 0 ] || sed -i 1d states\n',
    });
    await chmod(folder.of("systemctl"), 0o755);
    const path = process.env["PATH"];
    process.env["PATH"] = `${folder.path}:${path}`;
    try {
      const clock = new ManualClock();
      const control = serviceControl("sis-agent.service", clock);
      const moving = setInterval(() => clock.advance(500), 5);
      assert.equal(await control.staysUp(), up, states);
      clearInterval(moving);
    } finally {
      process.env["PATH"] = path;
    }
  }
});
