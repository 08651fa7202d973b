import { printable } from "../base/fault.ts";
import { isObject } from "../base/json.ts";
import { rttsLimits, type SpeechFormat, speechFormats } from "../sis/rtts.ts";
import { commandIn, type Problem, unsupported, within } from "./request.ts";

/** The config of a START of synthesis with the service's defaults filled in. Names as on the wire. */
export interface SpeechConfig {
  readonly audio_format: SpeechFormat;
  readonly sample_rate: "8000" | "16000";
  readonly property: string;
  readonly speed: number;
  readonly pitch: number;
  readonly volume: number;
}

/** A client's text message on a connection for synthesis. */
export type SpeechRequest =
  | { readonly type: "start"; readonly wish: { readonly text: string; readonly config: SpeechConfig } | Problem }
  | { readonly type: "unknown"; readonly problem: Problem };

const documented = ["audio_format", "sample_rate", "property", "speed", "pitch", "volume"];

/** Reads a text message as strictly as the service's pages are: unknown settings and values out of range are errors. */
export function parseSpeechRequest(text: string): SpeechRequest {
  const message = commandIn(text);
  if ("code" in message) return { type: "unknown", problem: message };
  const { command, fields } = message;
  if (command !== "START") return { type: "unknown", problem: unsupported(command) };
  return { type: "start", wish: checkWish(fields["text"], fields["config"] ?? {}) };
}

/** Whether a wish was refused. */
export function isRefused(wish: { readonly text: string; readonly config: SpeechConfig } | Problem): wish is Problem {
  return "code" in wish;
}

function checkWish(text: unknown, config: unknown): { text: string; config: SpeechConfig } | Problem {
  if (text === undefined || text === null) return { code: "SIS.0012", message: "'text' is missing" };
  if (typeof text !== "string" || text.trim() === "") return wrong("text");
  if (text.length > rttsLimits.textLength) {
    return { code: "SIS.0604", message: "the text is too long: it must be under 500 characters" };
  }
  if (!isObject(config)) return wrong("config");
  const stranger = Object.keys(config).find((key) => !documented.includes(key));
  if (stranger !== undefined) return { code: "SIS.0031", message: `'${printable(stranger, 40)}' is not supported` };
  const format = speechFormats.find((each) => each === (config["audio_format"] ?? "pcm"));
  if (format === undefined) return { code: "SIS.0410", message: "'audio_format' is not supported" };
  const rate = config["sample_rate"] ?? "8000";
  if (rate !== "8000" && rate !== "16000") return { code: "SIS.0402", message: "'sample_rate' is not supported" };
  const property = config["property"] ?? "chinese_xiaoyan_common";
  if (typeof property !== "string" || !/^[a-z]{2,20}_[a-z0-9-]{2,40}_[a-z0-9-]{2,40}$/.test(property)) {
    return { code: "SIS.0411", message: "'property' is not supported" };
  }
  const speed = within(config["speed"], rttsLimits.speed);
  const pitch = within(config["pitch"], rttsLimits.pitch);
  const volume = within(config["volume"], rttsLimits.volume);
  if (speed === null) return wrong("speed");
  if (pitch === null) return wrong("pitch");
  if (volume === null) return wrong("volume");
  return { text, config: { audio_format: format, sample_rate: rate, property, speed, pitch, volume } };
}

function wrong(key: string): Problem {
  return { code: "SIS.0415", message: `'${key}' is invalid` };
}
