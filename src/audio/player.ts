import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** Programs that play raw sound from their standard input. */
export type Player = "aplay" | "play";

export type PlayerProcess = ChildProcessByStdio<Writable, null, Readable>;

/** What the player holds back at most, and how much it wants before it begins, µs: both cost time to the first sound. */
const bufferUs = 250_000;
const periodUs = 25_000;

/**
 * Starts a player: mono 16-bit samples go to its standard input, its words come from its standard error. All arguments
 * are texts: numbers among them crash the `spawn` of binaries packaged with pkg.
 * @param options.env set for the player, beside our own environment
 * @throws what spawn throws where the process is out of file descriptors; a missing program comes as the child's `error`
 */
export function startPlayer(options: {
  readonly player: Player;
  readonly device: string;
  readonly sampleRate: number;
  readonly env: Readonly<Record<string, string>>;
}): PlayerProcess {
  const { player, device } = options;
  // In English and with a decimal point: what it says is read by a program.
  const env = { ...process.env, LC_ALL: "C", ...(player === "play" ? soxEnvironment(device) : {}), ...options.env };
  const child = spawn(player, argumentsOf(player, device, String(options.sampleRate)), {
    stdio: ["pipe", "ignore", "pipe"],
    env,
  });
  // A player that ends with sound still to come breaks the pipe; its exit tells why.
  child.stdin.on("error", () => {});
  return child;
}

function argumentsOf(player: Player, device: string, sampleRate: string): string[] {
  if (player === "play") {
    const format = ["-t", "raw", "-e", "signed-integer", "-b", "16", "-L", "-c", "1", "-r", sampleRate];
    return ["-q", "--buffer", "2048", ...format, "-"];
  }
  const timing = [`--buffer-time=${bufferUs}`, `--period-time=${periodUs}`, `--start-delay=${periodUs}`];
  return ["-q", "-D", device, "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", sampleRate, ...timing, "-"];
}

function soxEnvironment(device: string): Record<string, string> {
  return { AUDIODRIVER: process.env["AUDIODRIVER"] ?? "alsa", AUDIODEV: device };
}
