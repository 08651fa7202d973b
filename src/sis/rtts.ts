import { serviceUrl } from "./request.ts";

/** How synthesised sound is encoded, as on the wire: signed 16 bit little-endian, or G.711. */
export type SpeechFormat = "pcm" | "alaw" | "ulaw";
export const speechFormats: readonly SpeechFormat[] = ["pcm", "alaw", "ulaw"];

/**
 * What a START of real-time synthesis asks for. A field that is absent is left to the service's own default.
 * Source: SIS real-time speech synthesis, "start synthesis" request.
 */
export interface RttsConfig {
  readonly audioFormat: SpeechFormat;
  /** Hz */
  readonly sampleRate: 8000 | 16000;
  /** language_speaker_domain; the service's default is chinese_xiaoyan_common. */
  readonly property?: string;
  /** -500..500; the service's default is 0. */
  readonly speed?: number;
  /** -500..500; the service's default is 0. */
  readonly pitch?: number;
  /** 0..100; the service's default is 50. */
  readonly volume?: number;
}

/** The service's documented limits. Source: as above. */
export const rttsLimits = {
  /** "Under 500 characters": counted in UTF-16 units, which are never fewer than characters. */
  textLength: 499,
  speed: { min: -500, max: 500, default: 0 },
  pitch: { min: -500, max: 500, default: 0 },
  volume: { min: 0, max: 100, default: 50 },
} as const;

/** Of sound, as it comes. */
export function bytesPerSecond({ audioFormat, sampleRate }: RttsConfig): number {
  return sampleRate * (audioFormat === "pcm" ? 2 : 1);
}

/** The START request as text: one a connection. */
export function encodeRttsStart(text: string, config: RttsConfig): string {
  return JSON.stringify({
    command: "START",
    text,
    config: {
      audio_format: config.audioFormat,
      sample_rate: String(config.sampleRate),
      property: config.property,
      speed: config.speed,
      pitch: config.pitch,
      volume: config.volume,
    },
  });
}

/**
 * Where real-time synthesis lives.
 * @throws Fault config-invalid where endpoint or project id are malformed
 */
export function rttsUrl(endpoint: string, projectId: string): URL {
  return serviceUrl(endpoint, projectId, "rtts");
}
