import { createHmac } from "node:crypto";

/** Names this program among all that derive an id from the machine's. Never changes, or every device gets a new name. */
const application = "3289f815cb7d0cb04d5a804c66b55375";

/**
 * A device id that stays the same on this machine and does not give the machine's own id away: HMAC-SHA256 of the
 * application's id, keyed with the machine's, shaped as a UUID of version 4 without dashes; equal to
 * `systemd-id128 machine-id --app-specific=3289f815cb7d0cb04d5a804c66b55375`.
 * Source: machine-id(5), sd_id128_get_machine_app_specific(3).
 * @param machineId the content of /etc/machine-id
 * @returns 32 hex digits; null where the content is not an id (systemd writes "uninitialized" in a fresh image)
 */
export function deviceIdOf(machineId: string): string | null {
  const trimmed = machineId.trim();
  if (!/^[0-9a-f]{32}$/i.test(trimmed) || /^0+$/.test(trimmed)) return null;
  const digest = createHmac("sha256", Buffer.from(trimmed, "hex")).update(Buffer.from(application, "hex")).digest();
  const id = digest.subarray(0, 16);
  id.writeUInt8((id.readUInt8(6) & 0x0f) | 0x40, 6);
  id.writeUInt8((id.readUInt8(8) & 0x3f) | 0x80, 8);
  return id.toString("hex");
}
