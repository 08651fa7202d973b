import { Fault, printable } from "../base/fault.ts";
import { isLoopback } from "../base/loopback.ts";

/** Encodings the service takes: mono, raw, named as on the wire. */
export type AudioFormat = "pcm16k16bit" | "pcm8k16bit" | "ulaw16k8bit" | "ulaw8k8bit" | "alaw16k8bit" | "alaw8k8bit";

/** How the service cuts speech into sessions: one long dictation, one sentence, or up to a minute. */
export type Mode = "continuous" | "sentence" | "short";

/**
 * What a START asks for. A field that is absent is left to the service's own default.
 * Source: SIS real-time ASR, "start recognition" request.
 */
export interface RasrConfig {
  readonly audioFormat: AudioFormat;
  /** language_rate_domain, e.g. `chinese_16k_general`; its rate must agree with `audioFormat`. */
  readonly property: string;
  /** Punctuation in the text; the service's default is no. */
  readonly addPunc?: boolean;
  /** Numbers as digits; the service's default is yes. */
  readonly digitNorm?: boolean;
  /** Silence before the speech that ends a session (sentence mode), ms; default 10000, 0 = off. */
  readonly vadHead?: number;
  /** Silence after speech that ends a segment, ms; default 500. */
  readonly vadTail?: number;
  /** Longest segment, seconds; default 30. */
  readonly maxSeconds?: number;
  /** Unfinished results while someone speaks; the service's default is no. */
  readonly interimResults?: boolean;
  /** A hot-word table of the project. */
  readonly vocabularyId?: string;
  /** Times of each word; the service's default is no. */
  readonly needWordInfo?: boolean;
}

/** The service's documented limits. Source: SIS real-time ASR, API reference; see also the signature's and IAM's pages. */
export const limits = {
  /** Audio on one connection, and in one continuous session. */
  connectionAudioMs: 5 * 60 * 60 * 1000,
  continuousSessionMs: 5 * 60 * 60 * 1000,
  /** Audio in one session of the short and of the sentence mode. */
  shortSessionMs: 60_000,
  /** Without any message from the client for this long: FATAL_ERROR SIS.0304 and a disconnect. */
  clientSilenceMs: 20_000,
  /** Sound in one binary message. 100 ms where feedback matters, 500 ms where it does not. */
  chunkMs: { min: 50, max: 1000, default: 100 },
  /** Bytes in one binary message, by sample rate; the service answers others with an error. */
  chunkBytes: { 8000: { min: 160, max: 32_768 }, 16000: { min: 320, max: 65_536 } },
  vadHeadMs: { min: 0, max: 60_000, default: 10_000 },
  vadTailMs: { min: 0, max: 3000, default: 500 },
  maxSeconds: { min: 1, max: 60, default: 30 },
  /** Life of an IAM token. */
  tokenLifeMs: 24 * 60 * 60 * 1000,
  /** The gateway refuses a signature whose date is further off than this. */
  signatureSkewMs: 15 * 60 * 1000,
} as const;

type SampleRate = 8000 | 16000;

interface FormatFacts {
  readonly sampleRate: SampleRate;
  readonly bytesPerSample: 1 | 2;
  readonly encoding: "pcm" | "ulaw" | "alaw";
}

const formats: Readonly<Record<AudioFormat, FormatFacts>> = {
  pcm16k16bit: { sampleRate: 16000, bytesPerSample: 2, encoding: "pcm" },
  pcm8k16bit: { sampleRate: 8000, bytesPerSample: 2, encoding: "pcm" },
  ulaw16k8bit: { sampleRate: 16000, bytesPerSample: 1, encoding: "ulaw" },
  ulaw8k8bit: { sampleRate: 8000, bytesPerSample: 1, encoding: "ulaw" },
  alaw16k8bit: { sampleRate: 16000, bytesPerSample: 1, encoding: "alaw" },
  alaw8k8bit: { sampleRate: 8000, bytesPerSample: 1, encoding: "alaw" },
};

/** Every audio format, in the order of the service's documentation. */
export const audioFormats: readonly AudioFormat[] = [
  "pcm16k16bit",
  "pcm8k16bit",
  "ulaw16k8bit",
  "ulaw8k8bit",
  "alaw16k8bit",
  "alaw8k8bit",
];

/** Samples a second. */
export function sampleRateOf(format: AudioFormat): SampleRate {
  return formats[format].sampleRate;
}

/** Bytes of one sample on the wire. */
export function bytesPerSample(format: AudioFormat): 1 | 2 {
  return formats[format].bytesPerSample;
}

/** How samples are encoded: PCM is signed 16 bit little-endian, the others are G.711 bytes. */
export function encodingOf(format: AudioFormat): "pcm" | "ulaw" | "alaw" {
  return formats[format].encoding;
}

/** The sample rate that a property (language_rate_domain) is made for, or null where its name does not tell. */
export function sampleRateOfProperty(property: string): SampleRate | null {
  const rate = /(?:^|_)(8|16)k(?:_|$)/.exec(property)?.[1];
  if (rate === undefined) return null;
  return rate === "8" ? 8000 : 16000;
}

/** The START request as text. Audio may be sent only after the service has answered it. */
export function encodeStart(config: RasrConfig): string {
  return JSON.stringify({
    command: "START",
    config: {
      audio_format: config.audioFormat,
      property: config.property,
      add_punc: yesNo(config.addPunc),
      digit_norm: yesNo(config.digitNorm),
      vad_head: config.vadHead,
      vad_tail: config.vadTail,
      max_seconds: config.maxSeconds,
      interim_results: yesNo(config.interimResults),
      vocabulary_id: config.vocabularyId,
      need_word_info: yesNo(config.needWordInfo),
    },
  });
}

/** The END request as text. `cancel`: drop what is not recognised yet, instead of finishing it. */
export function encodeEnd(cancel: boolean): string {
  return JSON.stringify({ command: "END", cancel });
}

const paths: Readonly<Record<Mode, string>> = {
  continuous: "continue-stream",
  sentence: "sentence-stream",
  short: "short-stream",
};

/**
 * Where the real-time recognition of a mode lives.
 * @param endpoint scheme and host, with a port where needed: `wss://sis-ext.cn-north-4.myhuaweicloud.com`; `ws:` on loopback only
 * @param projectId the project's id in that region
 * @throws Fault config-invalid where either is malformed
 */
export function rasrUrl(endpoint: string, projectId: string, mode: Mode): URL {
  return serviceUrl(endpoint, projectId, `rasr/${paths[mode]}`);
}

/**
 * Where a part of the service lives for a project; `path` follows the project's id.
 * @throws Fault config-invalid where endpoint or project id are malformed
 */
export function serviceUrl(endpoint: string, projectId: string, path: string): URL {
  const project = textOf(projectId);
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(project)) {
    throw new Fault("config-invalid", `the project id is not an id: "${printable(project, 80)}"`, {
      hint: "Copy the project ID of the region from the console's page My Credentials > API Credentials.",
    });
  }
  const address = textOf(endpoint);
  const base = URL.canParse(address) ? new URL(address) : null;
  const plain =
    base !== null &&
    (base.protocol === "wss:" || (base.protocol === "ws:" && isLoopback(base.hostname))) &&
    base.hostname !== "" &&
    base.pathname === "/" &&
    base.search === "" &&
    base.hash === "" &&
    base.username === "" &&
    base.password === "";
  if (!plain) {
    throw new Fault(
      "config-invalid",
      `endpoint is not of the form wss://host[:port] (ws:// on loopback only): "${printable(address, 120)}"`,
      {
        hint: "Write the region's endpoint without a path, e.g. wss://sis-ext.cn-north-4.myhuaweicloud.com.",
      },
    );
  }
  return new URL(`/v1/${project}/${path}`, base);
}

/** From JavaScript, or from a variable of the environment that is not set, it may be no text at all. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** SIS has no booleans in its config, but these two words. */
function yesNo(value: boolean | undefined): "yes" | "no" | undefined {
  if (value === undefined) return undefined;
  return value ? "yes" : "no";
}
