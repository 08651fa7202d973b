import { bytesPerSample, type Mode, sampleRateOf } from "../sis/request.ts";
import { type AudioDecoder, audioDecoder } from "./decoder.ts";
import { type Finding, Recogniser } from "./recogniser.ts";
import type { StartConfig } from "./request.ts";
import { type EventName, type Response, type ResultStyle, wireSegment } from "./responses.ts";

/** What holds for a session besides its config. */
export interface SessionRules {
  readonly mode: Mode;
  /** Audio beyond this is not recognised, ms. */
  readonly limitMs: number;
  /** Sentence mode: whether the service ends the session by itself when the sentence is over, or waits for END. */
  readonly sentenceEnd: "auto" | "wait";
  /** Sound from this RMS up is voice, dBFS. */
  readonly voiceDbfs: number;
}

type Ear = { readonly phase: "listening"; readonly recogniser: Recogniser } | { readonly phase: "deaf" };

/**
 * One session of recognition, from the START response to the END: bytes in, responses out. Does no I/O.
 *
 * Continuous: a result for each segment. Sentence: VOICE_START, VOICE_END and the result of the first segment, or
 * EXCEEDED_SILENCE when `vad_head` passes without voice; what comes after is ignored. Short: one result for
 * everything, at the end, for the mode knows no segments. Any: EXCEEDED_AUDIO at the limit; what comes after is ignored.
 */
export class Session {
  readonly config: StartConfig;
  readonly traceId: string;
  readonly #rules: SessionRules;
  readonly #style: ResultStyle;
  readonly #decoder: AudioDecoder;
  #ear: Ear;
  #heardSamples = 0;
  #bytes = 0;
  /** Sentence mode: no voice yet. */
  #awaitsVoice: boolean;
  /** How many of the next results are to fail. */
  #failures = 0;

  constructor(config: StartConfig, traceId: string, rules: SessionRules) {
    this.config = config;
    this.traceId = traceId;
    this.#rules = rules;
    this.#style = { punctuation: config.add_punc, wordInfo: config.need_word_info };
    this.#decoder = audioDecoder(config.audio_format);
    this.#awaitsVoice = rules.mode === "sentence" && config.vad_head > 0;
    const wholeSession = rules.mode === "short";
    const recogniser = new Recogniser({
      sampleRate: sampleRateOf(config.audio_format),
      vadTailMs: wholeSession ? Number.POSITIVE_INFINITY : config.vad_tail,
      longestMs: wholeSession ? Number.POSITIVE_INFINITY : config.max_seconds * 1000,
      interim: config.interim_results,
      voiceDbfs: rules.voiceDbfs,
    });
    this.#ear = { phase: "listening", recogniser };
  }

  /** Audio received, recognised or not, ms. */
  get audioMs(): number {
    return bytesToMs(this.#bytes, this.config);
  }

  /** Audio that was listened to, ms. */
  get heardMs(): number {
    return (this.#heardSamples * 1000) / sampleRateOf(this.config.audio_format);
  }

  /** The next audio. Ends with an END response when the session ends itself. */
  hear(bytes: Uint8Array): Response[] {
    this.#bytes += bytes.length;
    if (this.#ear.phase === "deaf") return [];
    const samples = this.#decoder(bytes);
    const limit = Math.round((Math.max(0, this.#rules.limitMs) * sampleRateOf(this.config.audio_format)) / 1000);
    const left = limit - this.#heardSamples;
    const heard = samples.subarray(0, left);
    this.#heardSamples += heard.length;
    const responses = this.#tell(this.#ear.recogniser.push(heard));
    return samples.length > left ? [...responses, ...this.exceed()] : responses;
  }

  /** Finishes what has been said so far: the results that come before the END. */
  finish(): Response[] {
    if (this.#ear.phase === "deaf") return [];
    const findings = this.#ear.recogniser.finish();
    const responses = this.#tell(findings);
    this.#ear = { phase: "deaf" };
    return responses;
  }

  /** Too much audio: says so, finishes what has been said, and listens no more. */
  exceed(): Response[] {
    if (this.#ear.phase === "deaf") return [];
    return [this.#event("EXCEEDED_AUDIO", this.heardMs), ...this.finish()];
  }

  /** The next final result will fail: its segment has no `result`. */
  failNextResult(): void {
    this.#failures++;
  }

  #tell(findings: readonly Finding[]): Response[] {
    const responses: Response[] = [];
    for (const finding of findings) {
      if (this.#exceedsSilence(finding.startMs)) return [...responses, ...this.#silenceExceeded()];
      responses.push(...this.#tellOne(finding));
      if (finding.type === "segment" && this.#rules.mode === "sentence") return [...responses, ...this.#sentenceOver()];
    }
    if (this.#exceedsSilence(this.heardMs - onsetMs)) responses.push(...this.#silenceExceeded());
    return responses;
  }

  #tellOne(finding: Finding): Response[] {
    const sentence = this.#rules.mode === "sentence";
    switch (finding.type) {
      case "voice-start":
        this.#awaitsVoice = false;
        return sentence ? [this.#event("VOICE_START", finding.startMs)] : [];
      case "interim":
        return [this.#result(finding, false)];
      case "segment": {
        const end = sentence ? [this.#event("VOICE_END", finding.endMs)] : [];
        // A segment without words is worth a result only where its beginning has been announced.
        return sentence || finding.words.length > 0 ? [...end, this.#result(finding, true)] : [];
      }
    }
  }

  #exceedsSilence(voiceMs: number): boolean {
    return this.#awaitsVoice && voiceMs >= this.config.vad_head;
  }

  #silenceExceeded(): Response[] {
    return [this.#event("EXCEEDED_SILENCE", this.config.vad_head), ...this.#sentenceOver()];
  }

  #sentenceOver(): Response[] {
    this.#ear = { phase: "deaf" };
    this.#awaitsVoice = false;
    if (this.#rules.sentenceEnd === "wait") return [];
    return [{ resp_type: "END", trace_id: this.traceId, reason: "NORMAL" }];
  }

  #result(finding: Extract<Finding, { type: "interim" | "segment" }>, isFinal: boolean): Response {
    const segment = wireSegment(finding.startMs, finding.endMs, finding.words, isFinal, this.#style);
    const fails = isFinal && this.#failures > 0;
    if (fails) this.#failures--;
    const { result: _, ...failed } = segment;
    return { resp_type: "RESULT", trace_id: this.traceId, segments: [fails ? failed : segment] };
  }

  #event(event: EventName, atMs: number): Response {
    return { resp_type: "EVENT", trace_id: this.traceId, event, timestamp: Math.round(atMs) };
  }
}

/** Voice is only known after so much of it. */
const onsetMs = 30;

/** How long `bytes` of a session's audio sound, ms. */
export function bytesToMs(bytes: number, config: StartConfig): number {
  return (bytes * 1000) / (bytesPerSample(config.audio_format) * sampleRateOf(config.audio_format));
}
