import { clockTime, count, duration } from "./format.ts";
import type { Scene } from "./happening.ts";
import { type Line, line, span, type Tone } from "./line.ts";

/** A turn of the story, in words for somebody who has never heard of the service. */
interface Headline {
  readonly title: string;
  readonly explanation: string;
  readonly tone: Tone;
}

const column = 11;

/** An empty line, the headline, and what it means. */
export function sceneLines(scene: Scene, wallMs: number): readonly Line[] {
  const { title, explanation, tone } = headlineOf(scene);
  const head = line(column, span(`${clockTime(wallMs)} `, "quiet"), span("▌ ", tone), span(title, "strong"));
  const body = line(column + 2, span(" ".repeat(column)), span("▌ ", tone), span(explanation));
  return [line(0), head, ...(explanation === "" ? [] : [body]), line(0)];
}

function headlineOf(scene: Scene): Headline {
  switch (scene.name) {
    case "listening":
      return {
        title: "All is well: sound is recorded, streamed to the service, and recognised.",
        explanation:
          "“heard” is what came back, and when it was said. “fleet” is every message that the fleet gets, shown shortened: without v, ts, seq, boot and the like.",
        tone: "good",
      };
    case "error":
      return {
        title: `The service answers ERROR SIS.0305${scene.word === null ? "" : ` in the middle of the word ${scene.word}`}.`,
        explanation:
          "The session is over, the connection stays. From now on the service ignores all sound until a new session begins.",
        tone: "warning",
      };
    case "fatal":
      return {
        title: "The service answers FATAL_ERROR SIS.0303 and disconnects.",
        explanation: `It refuses connections for the next ${duration(scene.closedMs)} (HTTP 503, Retry-After: ${scene.retryAfterS}). Recording goes on: the sound waits in the agent.`,
        tone: "bad",
      };
    case "back":
      return {
        title: "The service is back: a new session begins where the old one was no longer heard.",
        explanation:
          "What was said meanwhile is sent faster than real time. Each word keeps the time at which it was spoken.",
        tone: "good",
      };
    case "caught-up":
      return { title: "Caught up: the words are heard as they are spoken again.", explanation: "", tone: "good" };
    case "well":
      return {
        title: "The alarm is cleared: all has stayed well for a while.",
        explanation: "Whoever looks at the fleet now sees the device healthy, without anybody having touched it.",
        tone: "good",
      };
    case "silence":
      return {
        title:
          scene.words === null
            ? "The last seconds."
            : `The voice falls silent: it has said ${count(scene.words, "word")}.`,
        explanation: "",
        tone: "good",
      };
    case "waiting":
      return {
        title: "The planned time is over, but not everything is recognised yet: going on for a while.",
        explanation: "",
        tone: "warning",
      };
  }
}
