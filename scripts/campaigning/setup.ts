import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { testAccounts } from "../../src/simulator/accounts.ts";
import type { Profile } from "./draw.ts";

/** What the simulator takes as the proof of who the agent is: its well-known accounts. */
const [accessKey = "", secretKey = ""] = Object.entries(testAccounts.accessKeys)[0] ?? [];
const [user] = testAccounts.users;

type Value = string | number | boolean;

/**
 * Writes the agent's configuration as a user would: all that it does not name is as it is by default.
 * @returns the file
 */
export async function writeConfiguration(
  folder: string,
  profile: Profile,
  parts: {
    readonly host: string;
    readonly port: number;
    readonly broker: string;
    readonly device: string;
    readonly stateDir: string;
    readonly diskMegabytes: number;
  },
): Promise<string> {
  await writeFile(join(folder, "secret"), profile.auth === "aksk" ? secretKey : (user?.password ?? ""), {
    mode: 0o600,
  });
  const tables: Readonly<Record<string, Readonly<Record<string, Value>>>> = {
    sis: {
      endpoint: `ws://${parts.host}:${parts.port}`,
      project_id: "campaign",
      mode: profile.mode,
      audio_format: profile.format,
      vad_tail: profile.vadTailMs,
      property: profile.format.includes("8k16") ? "chinese_8k_common" : "chinese_16k_general",
    },
    "sis.auth":
      profile.auth === "aksk"
        ? { method: "aksk", access_key: accessKey, secret_key_file: "secret" }
        : {
            method: "password",
            user: user?.name ?? "",
            domain: user?.domain ?? "",
            password_file: "secret",
            iam_endpoint: `http://${parts.host}:${parts.port}`,
            project_name: "campaign",
          },
    audio: { source: "microphone", device: parts.device },
    buffer: {
      memory_seconds: profile.memorySeconds,
      disk: profile.disk,
      disk_megabytes: parts.diskMegabytes,
      catch_up_rate: profile.catchUpRate,
    },
    mqtt: { url: parts.broker },
  };
  const file = join(folder, "agent.toml");
  const top = { device_id: "campaign", state_dir: parts.stateDir };
  const texts = Object.entries(tables).map(([name, table]) => `\n[${name}]\n${toml(table)}`);
  await writeFile(file, [toml(top), ...texts].join(""));
  return file;
}

/** A JSON value of these types is a TOML value, too. */
function toml(table: Readonly<Record<string, Value>>): string {
  return Object.entries(table)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join("");
}
