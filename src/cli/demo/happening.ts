import type { SourceEvent } from "../../audio/source.ts";
import type { Report } from "../../recognition/report.ts";
import type { PublishedMessage } from "../../simulator/broker.ts";

/** The turns of the demo's story. */
export type Scene =
  /** Recognition runs. */
  | { readonly name: "listening" }
  /** The service is about to say ERROR; `word` is being said just now, null: none, or not known. */
  | { readonly name: "error"; readonly word: string | null }
  /** It is about to say FATAL_ERROR, to disconnect, and then to refuse connections for a while. */
  | { readonly name: "fatal"; readonly closedMs: number; readonly retryAfterS: number }
  /** It recognises again. */
  | { readonly name: "back" }
  /** What was said in the meantime has been recognised, too. */
  | { readonly name: "caught-up" }
  /** The alarm is cleared. */
  | { readonly name: "well" }
  /** No new words come; null: they come from a microphone, and nobody knows. */
  | { readonly name: "silence"; readonly words: number | null }
  /** The planned time is over, but not everything is recognised yet. */
  | { readonly name: "waiting" };

/** Everything that can be seen of a demo: the story, what the agent tells, what the fleet's broker gets. */
export type Happening =
  | { readonly type: "scene"; readonly scene: Scene }
  | { readonly type: "report"; readonly report: Report }
  | { readonly type: "capture"; readonly event: SourceEvent }
  | { readonly type: "published"; readonly message: PublishedMessage };
