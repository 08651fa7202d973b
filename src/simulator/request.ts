import { printable } from "../base/fault.ts";
import { isObject } from "../base/json.ts";
import { type AudioFormat, audioFormats, limits, sampleRateOf, sampleRateOfProperty } from "../sis/request.ts";

/** A START's config with the service's defaults filled in. Names as on the wire. */
export interface StartConfig {
  readonly audio_format: AudioFormat;
  readonly property: string;
  readonly add_punc: boolean;
  readonly digit_norm: boolean;
  readonly vad_head: number;
  readonly vad_tail: number;
  readonly max_seconds: number;
  readonly interim_results: boolean;
  readonly vocabulary_id: string | null;
  readonly need_word_info: boolean;
}

/** Why a request is refused: what the ERROR will say. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

/** A client's text message. */
export type Request =
  | { readonly type: "start"; readonly config: StartConfig | Problem }
  | { readonly type: "end"; readonly cancel: boolean }
  | { readonly type: "unknown"; readonly problem: Problem };

/** Longer text messages are refused unread; the longest honest START is far shorter. */
const longestText = 65_536;

/**
 * Reads a text message as strictly as the service's pages are: unknown settings and values out of range are errors.
 * Where the service is known to be lenient, so is this: `cancel` may be a string, numbers may come as strings of
 * digits, and the settings that the vendor's own Python SDK sends without documenting them are let through.
 */
export function parseRequest(text: string): Request {
  const message = commandIn(text);
  if ("code" in message) return { type: "unknown", problem: message };
  const { command, fields } = message;
  if (command === "START") return { type: "start", config: checkConfig(fields["config"]) };
  if (command === "END") {
    const cancel = fields["cancel"] ?? false;
    if (cancel === true || cancel === "true") return { type: "end", cancel: true };
    if (cancel === false || cancel === "false") return { type: "end", cancel: false };
    return { type: "unknown", problem: invalid("cancel") };
  }
  return { type: "unknown", problem: unsupported(command) };
}

/** What every message has, or why it has not. */
export function commandIn(
  text: string,
): { readonly command: unknown; readonly fields: Readonly<Record<string, unknown>> } | Problem {
  const bad = (message: string): Problem => ({ code: "SIS.0032", message });
  if (text.length > longestText) return bad("the message is too long");
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return bad("the message is not valid json");
  }
  if (!isObject(fields)) return bad("the message is not a json object");
  const { command } = fields;
  return command === undefined ? { code: "SIS.0012", message: "'command' is missing" } : { command, fields };
}

export function unsupported(command: unknown): Problem {
  return { code: "SIS.0031", message: `command ${printable(JSON.stringify(command) ?? "", 40)} is not supported` };
}

/** Whether a config was refused. */
export function isProblem(value: StartConfig | Problem): value is Problem {
  return "code" in value;
}

/** Sent by the vendor's Python SDK with every START (`vad_threshold`) or when set (`user_words`), and taken by the service. */
const undocumented = ["vad_threshold", "user_words"];
const documented = [
  "audio_format",
  "property",
  "add_punc",
  "digit_norm",
  "vad_head",
  "vad_tail",
  "max_seconds",
  "interim_results",
  "vocabulary_id",
  "need_word_info",
];

function checkConfig(config: unknown): StartConfig | Problem {
  if (config === undefined) return { code: "SIS.0012", message: "'config' is missing" };
  if (!isObject(config)) return invalid("config");
  const stranger = Object.keys(config).find((key) => !documented.includes(key) && !undocumented.includes(key));
  if (stranger !== undefined) return notSupported(stranger);
  const missing = ["audio_format", "property"].find((key) => config[key] === undefined || config[key] === null);
  if (missing !== undefined) return { code: "SIS.0012", message: `'${missing}' is missing` };
  const audioFormat = audioFormats.find((format) => format === config["audio_format"]);
  if (audioFormat === undefined) return invalid("audio_format");
  const property = config["property"];
  // language_rate_domain; the service knows more of them than its pages list.
  if (typeof property !== "string" || !/^[a-z]{2,20}_(?:8|16)k_[a-z0-9-]{2,40}$/.test(property))
    return invalid("property");
  if (sampleRateOfProperty(property) !== sampleRateOf(audioFormat)) {
    return { code: "SIS.0301", message: `'audio_format' ${audioFormat} does not match the model ${property}` };
  }
  const words = {
    add_punc: yesNo(config["add_punc"], false),
    digit_norm: yesNo(config["digit_norm"], true),
    interim_results: yesNo(config["interim_results"], false),
    need_word_info: yesNo(config["need_word_info"], false),
  };
  const numbers = {
    vad_head: within(config["vad_head"], limits.vadHeadMs),
    vad_tail: within(config["vad_tail"], limits.vadTailMs),
    max_seconds: within(config["max_seconds"], limits.maxSeconds),
  };
  for (const [key, value] of [...Object.entries(words), ...Object.entries(numbers)]) {
    if (value === null) return invalid(key);
  }
  const vocabulary = config["vocabulary_id"] ?? null;
  if (vocabulary !== null && (typeof vocabulary !== "string" || !/^[\w-]{1,64}$/.test(vocabulary))) {
    return { code: "SIS.0201", message: "the hot-word table was not found" };
  }
  return {
    audio_format: audioFormat,
    property,
    add_punc: words.add_punc ?? false,
    digit_norm: words.digit_norm ?? true,
    vad_head: numbers.vad_head ?? limits.vadHeadMs.default,
    vad_tail: numbers.vad_tail ?? limits.vadTailMs.default,
    max_seconds: numbers.max_seconds ?? limits.maxSeconds.default,
    interim_results: words.interim_results ?? false,
    vocabulary_id: vocabulary,
    need_word_info: words.need_word_info ?? false,
  };
}

/** null: not allowed. */
function yesNo(value: unknown, absent: boolean): boolean | null {
  if (value === undefined || value === null) return absent;
  if (value === "yes") return true;
  return value === "no" ? false : null;
}

/** null: not allowed. */
export function within(
  value: unknown,
  range: { readonly min: number; readonly max: number; readonly default: number },
): number | null {
  if (value === undefined || value === null) return range.default;
  const number = typeof value === "string" && /^-?\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number)) return null;
  return number >= range.min && number <= range.max ? number : null;
}

function invalid(key: string): Problem {
  return { code: "SIS.0032", message: `'${key}' is invalid` };
}

function notSupported(key: string): Problem {
  return { code: "SIS.0031", message: `'${printable(key, 40)}' is not supported` };
}
