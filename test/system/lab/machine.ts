import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { arch, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { root as tree } from "../../../scripts/build/binary.ts";
import { eventually, missing } from "./processes.ts";

/** Says what a machine needs and is not there; false when all is. */
export function missingForMachine(): string | false {
  if (process.getuid?.() !== 0) return "only root can start a machine of its own";
  if (arch() !== "x64") return "needs an x64 processor";
  const absent = missing("mmdebstrap", "systemd-nspawn", "unshare", "nsenter", "tar");
  if (absent !== false) return absent;
  const { status, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", probe], { encoding: "utf8" });
  return status !== 0 && `this machine lets no other one be started on it: ${stderr.trim()}`;
}

const probe = `
  set -e
  mount --make-rprivate /
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mkdir /sys/fs/cgroup/sis-agent-probe-$$
  rmdir /sys/fs/cgroup/sis-agent-probe-$$`;

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Debian 12 of its own with systemd as its first process, and no network but loopback. */
export interface Machine extends AsyncDisposable {
  /** Its root folder, seen from outside. */
  readonly root: string;
  /** Runs a shell command in it, as root. */
  run(command: string): Answer;
  /** The same; fails the test unless the exit code is 0. @returns what it printed */
  must(command: string): string;
  /** Looks again and again until a shell command prints what `pattern` describes. @throws after `withinMs` */
  until(command: string, pattern: RegExp, withinMs?: number): Promise<string>;
}

/** Debian packages in it, beside the least there can be. */
const packages = ["systemd", "systemd-sysv", "dbus", "procps", "udev", "alsa-utils"];
const suite = "bookworm";

/** A cgroup of its own, under which systemd runs as it does on a machine. */
const boot = `
  set -e
  mount --make-rprivate /
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  mkdir "/sys/fs/cgroup/$1"
  echo $$ >"/sys/fs/cgroup/$1/cgroup.procs"
  export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
  exec systemd-nspawn -q -D "$2" --machine="$1" --register=no --keep-unit --private-network --console=pipe \\
    --link-journal=no -b systemd.unit=multi-user.target`;

/** @param files what to put into it before it boots, by path */
export async function startMachine(
  files: Readonly<Record<string, { readonly text: string; readonly mode?: number }>> = {},
) {
  const folder = await mkdtemp(join(tmpdir(), "sis-agent-machine-"));
  const name = `lab-${folder.slice(-6)}`;
  const root = join(folder, "root");
  mkdirSync(root);
  check(spawnSync("tar", ["-xf", await debian(), "-C", root]), "tar");
  for (const [path, { text, mode = 0o644 }] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode });
  }
  const nspawn = spawn("unshare", ["--mount", "sh", "-c", boot, "sh", name, root], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(nspawn, "exit");
  let said = "";
  for (const stream of [nspawn.stdout, nspawn.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));

  const run = (command: string): Answer =>
    spawnSync("nsenter", ["--target", String(leaderOf(nspawn)), "--all", "sh", "-c", command], {
      encoding: "utf8",
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" },
    });
  const dispose = async () => {
    nspawn.kill("SIGTERM"); // powers it off
    await Promise.race([exited, setTimeout(20_000, null, { ref: false }).then(() => nspawn.kill("SIGKILL"))]);
    await exited;
    rmSync(folder, { recursive: true, force: true });
    check(spawnSync("unshare", ["--mount", "sh", "-c", unbind, "sh", name]), "the machine's cgroup");
  };
  try {
    await eventually(() => leaderOf(nspawn) > 0, "the machine starts", 60_000);
    await eventually(() => /^(running|degraded)/.test(run("systemctl is-system-running").stdout), "it is up", 180_000);
  } catch (error) {
    await dispose();
    throw new Error(`the machine does not start: ${said}`, { cause: error });
  }
  const machine: Machine = {
    root,
    run,
    must(command) {
      const answer = run(command);
      check(answer, command);
      return answer.stdout;
    },
    async until(command, pattern, withinMs = 60_000) {
      let answer = run(command);
      await eventually(
        () => {
          answer = run(command);
          return pattern.test(answer.stdout);
        },
        `${command}: ${pattern}`,
        withinMs,
      ).catch((error: unknown) => {
        throw new Error(`last answer: ${answer.stdout}${answer.stderr}`, { cause: error });
      });
      return answer.stdout;
    },
    [Symbol.asyncDispose]: dispose,
  };
  return machine;
}

/** Takes the cgroups of a machine away, the innermost first. */
const unbind = `
  mount --make-rprivate /
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  find "/sys/fs/cgroup/$1" -depth -type d -exec rmdir {} + 2>/dev/null || true`;

/** The machine's first process; 0: it is not there. */
function leaderOf(nspawn: ChildProcess): number {
  try {
    return Number(readFileSync(`/proc/${nspawn.pid}/task/${nspawn.pid}/children`, "utf8").trim().split(" ")[0]);
  } catch {
    return 0;
  }
}

/** The machine's files as an archive, kept between runs. */
async function debian(): Promise<string> {
  const folder = join(tree, ".cache/machines");
  const archive = join(folder, `${suite}-${packages.join("-")}.tar`);
  if (existsSync(archive)) return archive;
  mkdirSync(folder, { recursive: true });
  const fresh = `${archive}.${process.pid}.tar`;
  const args = ["--variant=minbase", `--include=${packages.join(",")}`, suite, fresh];
  const child = spawn("mmdebstrap", args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await once(child, "close");
  if (child.exitCode !== 0) throw new Error(`mmdebstrap failed: ${said}`);
  renameSync(fresh, archive);
  return archive;
}

function check({ status, stdout, stderr }: { status: number | null; stdout: unknown; stderr: unknown }, what: string) {
  if (status !== 0) throw new Error(`${what}: exit code ${status}\n${String(stdout)}${String(stderr)}`);
}
