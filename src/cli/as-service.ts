import { Fault } from "../base/fault.ts";
import { runAsService } from "../host/as-service.ts";
import { thisProgram } from "./this-program.ts";

/**
 * Runs this program anew, as systemd would for a service: as its user, with its credentials and its environment.
 * @param args where they name files: from the root on, it is started in another folder
 * @param groups what it may see beyond the service
 * @returns its exit code
 * @throws {Fault} config-unreadable where systemd knows no such service
 */
export async function asService(
  service: string,
  args: readonly string[],
  groups: readonly string[] = [],
): Promise<number> {
  const code = await runAsService(service, [...thisProgram(), ...args], groups);
  if (code === null)
    throw new Fault("config-unreadable", `systemd cannot tell what the service ${service} sees`, {
      hint: "Is there systemd, and such a service? systemctl list-unit-files --type=service",
    });
  return code;
}
