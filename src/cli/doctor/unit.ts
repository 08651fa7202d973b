import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { printable } from "../../base/fault.ts";
import { propertiesOf } from "../../host/systemctl.ts";
import type { Check } from "./examine.ts";
import { type Finding, fail, ok, skip, warn } from "./finding.ts";

export const unitName = "sis-agent.service";
const properties = ["LoadState", "ActiveState", "SubState", "UnitFileState", "NRestarts", "Result", "StatusText"];
const manyRestarts = 3;

export const unitCheck: Check = {
  name: "systemd",
  deadlineMs: 3000,
  mendIfLate: "systemd does not answer: look at systemctl status.",
  async look(_patient, signal) {
    if (!existsSync("/run/systemd/system")) return skip("this machine does not run on systemd");
    return unitFinding(await show(signal));
  },
};

/** @param state the unit's properties, as systemctl show names them */
export function unitFinding(state: ReadonlyMap<string, string>): Finding {
  const of = (name: string) => state.get(name) ?? "";
  if (of("LoadState") !== "loaded") {
    return warn(
      `${unitName} is not installed`,
      "Install the package, or copy the unit; without it the agent does not start by itself.",
    );
  }
  const status = of("StatusText") === "" ? "" : `: ${printable(of("StatusText"), 200)}`;
  const restarts = Number(of("NRestarts")) || 0;
  const log = `journalctl -u ${unitName} -n 50 tells why.`;
  if (of("ActiveState") === "failed") return fail(`${unitName} has failed (${of("Result")})`, log);
  if (of("ActiveState") === "activating" && restarts > manyRestarts) {
    return fail(`${unitName} does not come up: started ${restarts} times`, log);
  }
  if (of("UnitFileState") === "disabled") {
    return warn(
      `${unitName} is ${of("ActiveState")}, and will not start at boot`,
      `systemctl enable --now ${unitName}`,
    );
  }
  if (of("ActiveState") !== "active") {
    return warn(`${unitName} is ${of("ActiveState")} (${of("SubState")})`, `systemctl start ${unitName}`);
  }
  if (restarts > manyRestarts) return warn(`${unitName} runs${status}; it was restarted ${restarts} times`, log);
  return ok(`${unitName} runs${status}`);
}

function show(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  return new Promise((resolve) => {
    const args = ["show", unitName, ...properties.map((name) => `--property=${name}`)];
    execFile("systemctl", args, { signal, timeout: 2500 }, (_error, stdout) => {
      resolve(propertiesOf(stdout));
    });
  });
}
