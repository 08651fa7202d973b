import { execFile, spawnSync } from "node:child_process";
import { mkdir, statfs, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Need } from "./kinds.ts";

/**
 * A network and file systems of a lane's own, in namespaces that end with the lane's process: what happens in them is
 * seen nowhere else on the machine, and nothing is left of them however the campaign ends.
 */

const run = promisify(execFile);

/** Starts a program in namespaces of its own; when it ends, all that it has started ends. */
// biome-ignore format: a command line
export const intoNamespaces = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];
/** Starts a program that dies with its parent, where there are no namespaces. */
export const untoDeath = ["setpriv", "--pdeathsig", "SIGKILL", "--"] as const;

const filters = {
  nft: {
    drop: (port: number) => [
      "add table inet campaign",
      "add chain inet campaign in { type filter hook input priority 0; }",
      `add rule inet campaign in tcp dport ${port} drop`,
      `add rule inet campaign in tcp sport ${port} drop`,
    ],
    pass: () => ["delete table inet campaign"],
  },
  iptables: {
    drop: (port: number) => [`-A INPUT -p tcp --dport ${port} -j DROP`, `-A INPUT -p tcp --sport ${port} -j DROP`],
    pass: () => ["-F INPUT"],
  },
} as const;

type Filter = keyof typeof filters;

/** What this machine lets the campaign do, and why not the rest. */
export interface Machine {
  readonly namespaces: boolean;
  readonly filter: Filter | null;
  /** Whether processes have to be made to die with their parent, and can. */
  readonly pdeathsig: boolean;
  readonly meets: readonly Need[];
  /** A sentence for each thing that is not possible. */
  readonly lacks: readonly string[];
}

/** Looks at what is possible here. */
export function lookAtMachine(): Machine {
  const tries = (words: readonly string[]) =>
    spawnSync(words[0] ?? "", words.slice(1), { stdio: "ignore" }).status === 0;
  const namespaces = tries([
    ...intoNamespaces,
    "sh",
    "-c",
    "ip link set lo up && mount -t tmpfs -o size=1m none /mnt && umount /mnt",
  ]);
  const ruled: Record<Filter, string> = { nft: "nft add table inet campaign", iptables: "iptables -F INPUT" };
  const works = (filter: Filter) => namespaces && tries([...intoNamespaces, "sh", "-c", ruled[filter]]);
  const filter = works("nft") ? "nft" : works("iptables") ? "iptables" : null;
  const meets: Need[] = namespaces ? ["name-service", "small-disk"] : [];
  const lacks: string[] = [];
  if (!namespaces) lacks.push("no namespaces (they take root, unshare and ip): no dns-failure, no disk-full");
  if (filter === null)
    lacks.push("no packet filter (nft or iptables, in a namespace): half-open only as a service that freezes");
  else meets.push("packet-filter");
  const pdeathsig = !namespaces && tries([...untoDeath, "true"]);
  return { namespaces, filter, pdeathsig, meets, lacks };
}

/** The lane's folder that is on a small disk. */
export function smallDisk(folder: string): string {
  return join(folder, "disk");
}

/** What a lane can do to the world around its agent. Without namespaces, none of it. */
export class Surroundings {
  readonly #filter: Filter | null;
  readonly #hosts: string;
  /** A folder on a small disk, for `state_dir`. */
  readonly disk: string;

  private constructor(folder: string, filter: Filter | null) {
    this.#filter = filter;
    this.#hosts = join(folder, "hosts");
    this.disk = smallDisk(folder);
  }

  /** Makes a lane's folder its own world. @param diskMegabytes the size of its disk */
  static async make(folder: string, machine: Machine, diskMegabytes: number): Promise<Surroundings> {
    const own = new Surroundings(folder, machine.filter);
    await mkdir(own.disk, { recursive: true });
    if (!machine.namespaces) return own;
    await run("ip", ["link", "set", "lo", "up"]);
    await run("mount", ["-t", "tmpfs", "-o", `size=${diskMegabytes}m,mode=0755`, "none", own.disk]);
    await own.knowName();
    await run("mount", ["--bind", own.#hosts, "/etc/hosts"]);
    return own;
  }

  /** TCP packets to and from this port are dropped from now on. */
  async dropPackets(port: number): Promise<void> {
    if (this.#filter !== null) await this.#rule(filters[this.#filter].drop(port));
  }

  async passPackets(): Promise<void> {
    if (this.#filter !== null) await this.#rule(filters[this.#filter].pass());
  }

  /** The name localhost is not known from now on. */
  async forgetName(): Promise<void> {
    await writeFile(this.#hosts, "\n");
  }

  async knowName(): Promise<void> {
    await writeFile(this.#hosts, "127.0.0.1 localhost\n");
  }

  /** Takes all the room that is left on the disk. */
  async fillDisk(): Promise<void> {
    const { bavail, bsize } = await statfs(this.disk);
    await writeFile(join(this.disk, "ballast"), Buffer.alloc(bavail * bsize)).catch((error: unknown) => {
      if (!(error instanceof Error) || !("code" in error) || error.code !== "ENOSPC") throw error;
    });
  }

  async emptyDisk(): Promise<void> {
    await unlink(join(this.disk, "ballast"));
  }

  async #rule(rules: readonly string[]): Promise<void> {
    for (const rule of rules) await run(this.#filter ?? "", rule.split(" "));
  }
}
