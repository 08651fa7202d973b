import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { missing } from "./processes.ts";

/** Says what the lab and `recorder` need and is not installed; false when all is. */
export function missingForPulse(recorder: string): string | false {
  const plugin = globSync("/usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so").length > 0;
  return missing(recorder, "pulseaudio", "paplay") || (!plugin && "not installed: libasound2-plugins");
}

/**
 * A room with a microphone, without a sound card: a PulseAudio server of its own, with a loudspeaker whose sound a
 * microphone hears, bit for bit, paced by the server's clock. 16 kHz mono.
 */
export interface PulseLab extends AsyncDisposable {
  /** The ALSA name of the microphone … */
  readonly device: string;
  /** The ALSA name of the loudspeaker that it hears … */
  readonly speaker: string;
  /** … for programs with this in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Plays samples in the room; resolves when they have been heard. */
  play(samples: Int16Array): Promise<void>;
  /** The sound server hangs, as if stuck in a driver. */
  freeze(): void;
  thaw(): void;
  /** The sound server crashes. */
  kill(): Promise<void>;
  /** Starts it again. */
  restart(): Promise<void>;
}

export async function startPulse(): Promise<PulseLab> {
  const directory = await mkdtemp(join(tmpdir(), "pulse-"));
  const socket = join(directory, "socket");
  const config = join(directory, "asound.conf");
  const pcm = (name: string) => `pcm.${name} { type pulse server "unix:${socket}" device "${name}" }\n`;
  await writeFile(config, pcm("mic") + pcm("room"));
  let server = await startServer(directory, socket);

  const kill = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, "exit");
    server.kill("SIGKILL");
    await exited;
  };
  return {
    device: "mic",
    speaker: "room",
    // Clients of PulseAudio leave a cookie and a runtime directory behind: in a home of their own.
    env: { ALSA_CONFIG_PATH: config, HOME: directory, XDG_RUNTIME_DIR: directory },
    play: (samples) => play(samples, socket, directory),
    freeze: () => void server.kill("SIGSTOP"),
    thaw: () => void server.kill("SIGCONT"),
    kill,
    async restart() {
      server = await startServer(directory, socket);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function startServer(directory: string, socket: string): Promise<ChildProcess> {
  await rm(socket, { force: true });
  const modules = [
    `module-native-protocol-unix auth-anonymous=1 socket=${socket}`,
    "module-null-sink sink_name=room rate=16000 channels=1 format=s16le",
    "module-remap-source source_name=mic master=room.monitor",
  ];
  // With realtime priority, root's server is killed by the kernel when a busy machine keeps it from sleeping.
  const options = [
    "-n",
    "--daemonize=no",
    "--exit-idle-time=-1",
    "--use-pid-file=no",
    "--disable-shm=yes",
    "--realtime=no",
    "--high-priority=no",
    "--no-cpu-limit=yes",
  ];
  const server = spawn("pulseaudio", [...options, ...modules.flatMap((module) => ["-L", module])], {
    env: { ...process.env, HOME: directory, XDG_RUNTIME_DIR: directory },
    stdio: "ignore",
  });
  for (let tries = 0; !(await answers(socket)); tries += 1) {
    if (tries > 600 || server.exitCode !== null) {
      server.kill("SIGKILL");
      throw new Error("pulseaudio does not answer");
    }
    await setTimeout(50);
  }
  return server;
}

function answers(socket: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const connection = connect(socket);
  connection.once("connect", () => resolve(true)).once("error", () => resolve(false));
  return promise.finally(() => connection.destroy());
}

async function play(samples: Int16Array, socket: string, directory: string): Promise<void> {
  const format = ["--raw", "--format=s16le", "--rate=16000", "--channels=1"];
  const player = spawn("paplay", [`--server=unix:${socket}`, "--device=room", ...format], {
    env: { ...process.env, HOME: directory, XDG_RUNTIME_DIR: directory },
    stdio: ["pipe", "ignore", "inherit"],
  });
  const exited = once(player, "exit");
  player.stdin.end(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  await exited;
  if (player.exitCode !== 0) throw new Error(`paplay failed: ${player.exitCode}`);
}
