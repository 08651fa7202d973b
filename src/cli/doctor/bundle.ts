import { execFile } from "node:child_process";
import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { arch, cpus, platform, release, totalmem, uptime } from "node:os";
import { join } from "node:path";
import { printable } from "../../base/fault.ts";
import { isoTime } from "../../base/iso-time.ts";
import { unwritableFile } from "../../base/wanted-file.ts";
import type { Configuration } from "../../config/load.ts";
import type { Secrets } from "../../config/secrets.ts";
import { showToml } from "../../config/show.ts";
import { build, version } from "../version.ts";
import type { CheckResult } from "./finding.ts";
import { unitName } from "./unit.ts";

const mostFiles = 500;
const mostLogLines = 300;
const longestLogLine = 2000;
/** What is shorter is no secret, and would mask half of all words. */
const shortSecret = 6;

/** What the file begins with, as `writeBundle` makes it: by that one is told from other files. */
export const bundleBeginning = '{\n  "made": "';

/** What a support bundle is made of: one JSON document, for people who help from afar. */
export interface BundleParts {
  readonly configFile: string;
  /** null: it is not fit to run on; the results say why. */
  readonly configuration: Configuration | null;
  readonly results: readonly CheckResult[];
  readonly nowMs: number;
}

/**
 * Writes a support bundle, readable by its owner alone. It holds no secrets, and nothing that was said: settings as
 * `config show` prints them, names and sizes of what is in state_dir, and of the log what the agent itself has written.
 * @throws {Fault} `file-unwritable`
 */
export async function writeBundle(
  file: string,
  { configFile, configuration, results, nowMs }: BundleParts,
): Promise<void> {
  const bundle = {
    made: isoTime(nowMs),
    version,
    build,
    machine: {
      system: `${platform()} ${release()}`,
      hardware: arch(),
      processors: cpus().length,
      memory_mb: Math.round(totalmem() / 1_000_000),
      up_s: Math.round(uptime()),
    },
    checks: results,
    configuration: configuration === null ? null : showToml(configuration, configFile).split("\n"),
    state_dir: configuration === null ? null : await filesIn(configuration.settings.state_dir),
    log: safeLog(await journal(), configuration === null ? [] : await secretTexts(configuration.secrets)),
  };
  try {
    // Made anew: a file that is there already may be open to others.
    await rm(file, { force: true });
    await writeFile(file, `${JSON.stringify(bundle, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw unwritableFile(file, error);
  }
}

interface StateFile {
  readonly path: string;
  readonly bytes: number;
  readonly changed: string;
}

async function filesIn(folder: string): Promise<readonly StateFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).slice(0, mostFiles);
  return Promise.all(
    files.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const { size, mtimeMs } = await stat(path).catch(() => ({ size: -1, mtimeMs: 0 }));
      return { path, bytes: size, changed: isoTime(mtimeMs) };
    }),
  );
}

/**
 * Of a log's lines, those that the agent's logger wrote: a program's output may stand beside them, transcripts included.
 * @param secrets are masked wherever they stand
 */
export function safeLog(lines: readonly string[], secrets: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    const json = line.slice(line.indexOf("{"));
    if (!isLogLine(json)) return [];
    let safe = json;
    // In a log line it stands as JSON writes it.
    for (const secret of secrets)
      safe = safe.replaceAll(JSON.stringify(secret).slice(1, -1), "***").replaceAll(secret, "***");
    return [printable(safe, longestLogLine)];
  });
}

function isLogLine(text: string): boolean {
  try {
    const entry: unknown = JSON.parse(text);
    if (typeof entry !== "object" || entry === null) return false;
    return "level" in entry && "msg" in entry && !("text" in entry);
  } catch {
    return false;
  }
}

async function secretTexts({ service, broker }: Secrets): Promise<readonly string[]> {
  const texts: (string | undefined)[] = [broker.password, broker.key];
  if (service.method === "aksk") texts.push(service.secretKey, service.accessKey);
  if (service.method === "password") texts.push(service.password);
  if (service.method === "token") texts.push(await service.readToken().catch(() => undefined));
  return texts.flatMap((text) => (text === undefined || text.length < shortSecret ? [] : [text]));
}

function journal(): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const args = ["-u", unitName, "-n", String(mostLogLines), "-o", "cat", "--no-pager"];
    execFile("journalctl", args, { timeout: 3000, maxBuffer: 4 * 1024 * 1024 }, (_error, stdout) => {
      resolve(stdout.split("\n"));
    });
  });
}
