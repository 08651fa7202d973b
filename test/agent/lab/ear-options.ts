import { type Settings, settingsSchema } from "../../../src/config/schema.ts";
import type { Mode } from "../../../src/sis/request.ts";
import type { Trouble } from "../../lab/model-service.ts";
import type { Word } from "../../lab/service-lab.ts";
import type { GateKind } from "./ear-rights.ts";

export interface EarOptions {
  readonly seed: string;
  /** What is said in the room, whether or not anybody listens. */
  readonly words: readonly Word[];
  readonly mode: Mode;
  readonly gate: GateKind;
  readonly disk: "off" | "outage" | "always";
  readonly memorySeconds: number;
  readonly bargeIn: boolean;
  /** A recorder writes that often, ticks. */
  readonly pieceTicks: number;
  /** Of an operation on the memory card, ms. */
  readonly cardMs: number;
  /** What goes wrong, session by session, over all runs. */
  readonly plan: readonly Trouble[];
  /** How fast the service recognises, times real time. */
  readonly speed: number;
}

export const flushMs = 500;

/** @param name of the run: its broker's host */
export function settingsOf(options: EarOptions, name: string, stateDir: string, tailMs: number): Settings {
  const { mode, gate, disk, memorySeconds, bargeIn } = options;
  const settings = settingsSchema.parse({
    fleet: "lab",
    state_dir: stateDir,
    sis: {
      endpoint: "ws://127.0.0.1:1",
      project_id: "p",
      mode,
      audio_format: "pcm8k16bit",
      property: "chinese_8k_common",
      chunk_ms: 100,
    },
    audio: { gate },
    buffer: { memory_seconds: memorySeconds, disk, flush_ms: flushMs, disk_megabytes: 50 },
    synthesis: { sample_rate: 8_000, tail_ms: tailMs, barge_in: bargeIn, prompt_mute: "muted", cache_megabytes: 0 },
    mqtt: { url: `mqtt://${name}` },
    panel: { port: "/dev/panel" },
  });
  return { ...settings, device_id: "kiosk" };
}
