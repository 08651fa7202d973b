import type { Fault } from "../base/fault.ts";

/** Why nothing is to be captured: the microphone is muted, or the fleet has stopped the device. */
export type Silencer = "mute" | "stop";

/**
 * What a source of sound tells the agent: runs of `opened (audio | overrun)*`, an `interrupted` after each run that broke
 * off and each attempt that gave no sound, `ended` last. A microphone never ends by itself.
 */
export type SourceEvent =
  /** Sound has begun to flow: the first audio follows at once. */
  | { readonly type: "opened"; readonly description: string }
  /** Mono PCM at the source's sample rate, any length > 0, its last sample captured just now. Good until the listener returns. */
  | { readonly type: "audio"; readonly samples: Int16Array }
  /** The recorder itself reports that it dropped sound, at least this much (0: it does not say). Capture goes on. */
  | { readonly type: "overrun"; readonly lostMs: number }
  /**
   * Capture broke off or did not begin, `attempt` times in a row by now; tried again after `retryInMs`, `opened` when
   * it works.
   */
  | { readonly type: "interrupted"; readonly fault: Fault; readonly attempt: number; readonly retryInMs: number }
  /** Someone wants that nothing is captured: true, until false. In between, what comes is not to be used. */
  | { readonly type: "muted"; readonly muted: true; readonly by: Silencer }
  | { readonly type: "muted"; readonly muted: false }
  /** A finite source is at its end; nothing follows. `fault` when it ended early for a reason that trying again cannot mend. */
  | { readonly type: "ended"; readonly fault: Fault | null };

/** A source of sound: a microphone, a file, standard input. */
export interface AudioSource {
  /** Starts delivering. Called once. Never throws for what happens outside: that comes as `interrupted` or `ended`. */
  start(listener: (event: SourceEvent) => void): void;
  /** Stops delivering at once; resolves when every child process, timer and file is gone. Callable at any time, repeatedly. */
  stop(): Promise<void>;
}
