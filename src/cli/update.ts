import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { arch } from "node:os";
import { promisify } from "node:util";
import { Command } from "commander";
import { systemClock } from "../base/clock.ts";
import { diskFault } from "../base/disk-fault.ts";
import { Fault, printable } from "../base/fault.ts";
import { locationOf } from "../host/fetch-file.ts";
import { Releases } from "../host/releases.ts";
import { serviceControl } from "../host/systemctl.ts";
import { settle, update } from "../host/update.ts";
import { usualConfig } from "./config-option.ts";
import { print } from "./print.ts";
import { version } from "./version.ts";

interface UpdateFlags {
  readonly key: string;
  readonly folder: string;
  readonly service: string;
  readonly config: string;
  readonly allowOlder?: true;
  readonly settle?: true;
}

const run = promisify(execFile);

/** `update`: another release, with the way back. */
export function updateCommand(): Command {
  return new Command("update")
    .description("put a signed release in the place of the current one; what does not start is undone")
    .argument("[manifest]", "the release's manifest: a file, or an https:// address")
    .option("--key <file>", "the public key that releases must be signed with", "/etc/sis-agent/update.pem")
    .option("--folder <folder>", "where releases are kept", "/opt/sis-agent")
    .option("--service <name>", "the service that runs the current release", "sis-agent.service")
    .option("--config <file>", "the configuration that the release must take", usualConfig)
    .option("--allow-older", "also a release that is older than the current one (the first time: than this program)")
    .option("--settle", "end a trial that was interrupted: keep the release if its service is up, undo it if not")
    .addHelpText(
      "after",
      "\nThe service must run FOLDER/current/sis-agent: docs/install.md tells how. Exit code 1: nothing was changed, or it was\nundone.",
    )
    .action(async (manifest: string | undefined, flags: UpdateFlags, self: Command) => {
      await act(manifest, flags, self).catch((error: unknown) => {
        throw explained(error, flags.folder);
      });
    });
}

async function act(manifest: string | undefined, flags: UpdateFlags, self: Command): Promise<void> {
  // A terminal that goes away, as with the line of an ssh, does not leave a trial without its judge.
  process.on("SIGHUP", () => {});
  const { allowOlder = false } = flags;
  const releases = new Releases(flags.folder);
  const service = serviceControl(flags.service, systemClock);
  const say = (text: string) => void print(`${text}\n`, process.stderr);
  if (flags.settle) {
    if (manifest !== undefined) self.error("error: --settle ends the trial that is under way: it takes no manifest");
    return settle({ releases, service, say });
  }
  const location = locationOf(manifest ?? self.error("error: missing required argument 'manifest'"));
  const publicKey = await keyIn(flags.key);
  const check = (program: string, release: string) => checkProgram(program, release, flags);
  const here = { arch: arch(), running: version };
  await update({ manifest: location, publicKey, ...here, allowOlder, releases, service, check, say });
}

/** An error as it is, but for what the file system says of the folder with the releases: that in words. */
function explained(error: unknown, folder: string): unknown {
  if (!(error instanceof Error && "syscall" in error)) return error;
  const { code, message, hint } = diskFault(`releases cannot be kept in ${printable(folder)}`, error);
  return new Fault(code, message, {
    hint: code === "disk-denied" ? "Run it as root, or see to --folder." : hint,
    cause: error,
  });
}

async function keyIn(file: string): Promise<string> {
  let pem: string;
  try {
    pem = await readFile(file, "utf8");
  } catch (error) {
    throw new Fault("update-refused", `the key ${file} that releases must be signed with cannot be read`, {
      hint: "put the maker's public key there (PEM), or name its file with --key",
      cause: error,
    });
  }
  // Node would take it, and whoever has this device could sign releases for all others.
  if (pem.includes("PRIVATE KEY"))
    throw new Fault("update-refused", `the key ${file} is the private one, which signs releases`, {
      hint: "put the public key there (openssl pkey -in update.key -pubout), and take the private one for known to others",
    });
  return pem;
}

/** It must start, be what it says it is, and take the configuration, where there is one. */
async function checkProgram(program: string, release: string, { config, service }: UpdateFlags): Promise<void> {
  const told = await answerOf(program, ["--version"]);
  if (!told.startsWith(`${release} `) && told.trim() !== release)
    throw new Fault("update-refused", `the release ${release} says that it is ${printable(told, 60)}`);
  if (existsSync(config)) await answerOf(program, ["config", "check", "--config", config, "--service", service]);
}

async function answerOf(program: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(program, args, { timeout: 60_000, encoding: "utf8" })).stdout;
  } catch (error) {
    const said =
      typeof error === "object" && error !== null && "stderr" in error ? String(error.stderr) : String(error);
    throw new Fault("update-refused", `the release fails at "${args[0]}": ${printable(said.trim(), 500)}`, {
      cause: error,
    });
  }
}
