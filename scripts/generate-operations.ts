// Writes docs/operations.md from the table of what can go wrong. Run: node scripts/generate-operations.ts
import { writeFileSync } from "node:fs";
import { type KnownFault, knownFaults } from "../src/fleet/known-faults.ts";
import { alarmTypes } from "../src/fleet/schema.ts";

const introduction = `# Operations: what an alarm means, and what to do

<!-- Made by scripts/generate-operations.ts from src/fleet/known-faults.ts: change it there. -->

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
      `## \`${type}\``,
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
