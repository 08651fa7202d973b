// Writes the tables of docs/operations.md from the table of what can go wrong. Run: node scripts/generate-operations.ts
import { readFileSync, writeFileSync } from "node:fs";
import { type KnownFault, knownFaults } from "../src/fleet/known-faults.ts";
import { alarmTypes } from "../src/fleet/schema.ts";

const file = new URL("../docs/operations.md", import.meta.url);
/** Above it the page is written by hand, below it by this script. */
const marker =
  "<!-- Below: made by scripts/generate-operations.ts from src/fleet/known-faults.ts. Change it there. -->";

/** @param current the page as it is: what is written by hand stays */
export function operationsPage(current: string): string {
  const end = current.indexOf(marker);
  if (end < 0) throw new Error(`docs/operations.md has lost its line ${marker}`);
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
  return `${current.slice(0, end)}${marker}\n\n${chapters.join("\n")}`;
}

function row({ fault, severity, class: faultClass, code, hint, withinMs, cleared }: KnownFault): string {
  const cells = [fault, severity, faultClass, `\`${code}\``, hint, `${withinMs / 1000} s`, cleared];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

if (import.meta.main) writeFileSync(file, operationsPage(readFileSync(file, "utf8")));
