import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { type Clock, pause } from "../base/clock.ts";
import { Fault, toFault } from "../base/fault.ts";

/** A service as its manager sees it. */
export interface ServiceControl {
  /**
   * Whether a program is what the service starts. Where systemd does not tell: true, its restart will show.
   * @throws as `restart`
   */
  starts(program: string): Promise<boolean>;
  /**
   * Resolves when the service has reported that it is ready (true), or has not (false).
   * @throws {Fault} `update-failed`: systemctl cannot be run
   */
  restart(): Promise<boolean>;
  /**
   * Whether the service is ready, and stays so for ten seconds without being started anew. Waits for a start that is
   * under way.
   */
  staysUp(): Promise<boolean>;
}

const steadyMs = 10_000;
const pollMs = 500;
/** systemd itself gives up on a start sooner than that. */
const longestStartMs = 300_000;

/** A reload, also one that the operator has asked for meanwhile, is no end. */
const up: ReadonlySet<string> = new Set(["active", "reloading"]);

/** @param unit `sis-agent.service` */
export function serviceControl(unit: string, clock: Clock): ServiceControl {
  const never = new AbortController().signal;

  async function look(): Promise<{ readonly state: string; readonly restarts: string }> {
    const { stdout } = await systemctl(["show", "--property=ActiveState,NRestarts", unit]);
    const properties = propertiesOf(stdout);
    return { state: properties.get("ActiveState") ?? "", restarts: properties.get("NRestarts") ?? "" };
  }

  return {
    async starts(program) {
      const { stdout } = await systemctl(["show", "--property=ExecStart", unit]);
      const told = propertiesOf(stdout).get("ExecStart") ?? "";
      return !told.includes("path=") || told.includes(`${program} `);
    },
    restart: async () => (await systemctl(["restart", unit])).status === 0,
    async staysUp() {
      const giveUpMs = clock.monotonicMs() + longestStartMs;
      let now = await look();
      while (now.state === "activating" && clock.monotonicMs() < giveUpMs) {
        await pause(clock, pollMs, never);
        now = await look();
      }
      const first = now;
      const endMs = clock.monotonicMs() + steadyMs;
      while (up.has(now.state) && now.restarts === first.restarts) {
        if (clock.monotonicMs() >= endMs) return true;
        await pause(clock, pollMs, never);
        now = await look();
      }
      return false;
    },
  };
}

/** What `systemctl show` prints: a unit's properties by their names; of one that is told twice, the last. */
export function propertiesOf(stdout: string): ReadonlyMap<string, string> {
  return new Map(
    stdout.split("\n").flatMap((line): [string, string][] => {
      const at = line.indexOf("=");
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

async function systemctl(args: readonly string[]): Promise<{ readonly status: number; readonly stdout: string }> {
  const { child, stdout } = await run(args).catch((error: unknown) => {
    throw new Fault("update-failed", `systemctl cannot be run: ${toFault(error).message}`, { cause: error });
  });
  if (child.exitCode === null) throw new Fault("update-failed", `systemctl was ended by ${child.signalCode}`);
  return { status: child.exitCode, stdout };
}

async function run(args: readonly string[]) {
  // Detached: a terminal that hangs up takes all of its processes with it, and a restart is under way.
  const child = spawn("systemctl", args, { stdio: ["ignore", "pipe", "ignore"], detached: true });
  const [stdout] = await Promise.all([text(child.stdout), once(child, "close")]);
  return { child, stdout };
}
