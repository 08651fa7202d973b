// Writes docs/operations.md from the table of what can go wrong. Run: node scripts/generate-operations.ts
import { writeFileSync } from "node:fs";
import { type KnownFault, knownFaults } from "../src/fleet/known-faults.ts";
import { alarmTypes } from "../src/fleet/schema.ts";

const introduction = `# Operations: day by day, and what to do about an alarm

<!-- Made by scripts/generate-operations.ts from src/fleet/known-faults.ts: change it there. -->

## Day by day

| | |
| --- | --- |
| how it is | \`systemctl status sis-agent\`: phase, its reason, sound that waits, alarms; in the fleet \`up/state\`, or [the console](console.md) |
| what is wrong | the alarms below; on the device \`sis-agent doctor\` ([doctor.md](doctor.md)), for others to look at: \`--bundle FILE\` |
| the log | \`journalctl -u sis-agent\`, JSON lines with journald's priorities: \`-p warning\` for what went wrong. Never speech or secrets. More of it: \`log_level\`, or the fleet's command \`log-level\` |
| how much of it | hardly a line while all is well, some for each fault ([measured](performance-soak.md)); journald bounds what is kept (\`SystemMaxUse=\`) |
| a setting | edit \`/etc/sis-agent/agent.toml\`, \`sis-agent config check --service sis-agent --config FILE\`, \`systemctl restart sis-agent\` |
| a secret | replace its file, \`systemctl reload sis-agent\`: nothing is interrupted |
| an upgrade | \`apt-get install ./sis-agent_NEW_ARCH.deb\`, or \`sis-agent update\` with the way back ([install.md](install.md)). What waits is taken over; half a second is not recorded |

**Backup**: \`/etc/sis-agent\` and \`/etc/credstore/sis-agent.*\`, or whatever makes them. \`state_dir\` is not worth one: it holds what
waits just now ([security.md](security.md) lists it), and two devices must never have the same. A device that is replaced keeps
its name by \`device_id\`.

**Out of service**, in this order: withdraw the key at the cloud's account, and the device's user at the broker;
\`apt-get purge sis-agent\`, which deletes configuration, secrets, sound and state; what the broker keeps of the device:

\`\`\`sh
mosquitto_sub -h BROKER -t 'sis/v1/FLEET/DEVICE/#' --retained-only --remove-retained -W 5
\`\`\`

## Alarms

Each device tells what is wrong with it as retained messages, one a type: \`sis/v1/{fleet}/{device}/up/alarm/{type}\`
([mqtt.md](mqtt.md) has the fields). The \`hint\` of an alarm is what a person should do, and the \`code\` is what to search for
below. An alarm is raised within the time given, counted from the beginning of the fault, and cleared by the device itself
once what is given has come true; nothing has to be acknowledged.

Codes: \`SIS.*\`, \`APIGW.*\` and \`HTTP.*\` are the service's, its gateway's and HTTP's; \`NET.*\` is what the network says about the
way to the service, \`IAM.*\` about the way to the token service; \`PROXY.*\` is a refusal that is not the service's own; \`MQTT.*\`
is the broker's reason code. All codes of the service are looked up the same way; those here stand for their class.

Every row is tested: the fault is made, and exactly this alarm must come, in time, and go.
`;

export function operationsPage(): string {
  const faults: readonly KnownFault[] = Object.values(knownFaults);
  const chapters = alarmTypes.map((type) => {
    const rows = faults.filter(({ alarm }) => alarm === type);
    return [
      `### \`${type}\``,
      "",
      "| what is wrong | severity | class | code | what to do | raised within | cleared when |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      ...rows.map(row),
      "",
    ].join("\n");
  });
  return `${introduction}\n${chapters.join("\n")}`;
}

function row({ fault, severity, class: faultClass, code, hint, withinMs, cleared }: KnownFault): string {
  const cells = [fault, severity, faultClass, `\`${code}\``, hint, `${withinMs / 1000} s`, cleared];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

if (import.meta.main) writeFileSync(new URL("../docs/operations.md", import.meta.url), operationsPage());
