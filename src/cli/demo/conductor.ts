import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Simulator } from "../../simulator/options.ts";
import type { Board } from "./board.ts";
import type { Scene } from "./happening.ts";
import type { Progress } from "./progress.ts";
import type { Story } from "./story.ts";

/** What the conductor sees and moves. */
export interface Stage {
  readonly clock: Clock;
  readonly board: Board;
  readonly service: Pick<Simulator, "addFault">;
  /** Words that the voice says in all; null: not known. */
  readonly words: number | null;
  /** The word that is being said at `soundMs` of the sound; null: none, or not known. */
  readonly wordAt: (soundMs: number) => string | null;
  /** Tells the audience. */
  readonly play: (scene: Scene) => void;
}

/** Until there is sound, and a session. */
const beginningMs = 15_000;
/** A machine that is slow gets this much more than was planned. */
const graceMs = 20_000;
/** Within this there is the middle of a word, while the voice speaks. */
const wordMs = 2_400;
/** A text that comes this soon after it was spoken has not waited for the service. */
const liveMs = 1_500;

const streaming = (progress: Progress) => progress.phase === "streaming";
const sounding = (progress: Progress) => progress.soundMs > 0;
const well = (progress: Progress) => [...progress.raised].every((id) => progress.cleared.has(id));

/**
 * Has the story take place: waits for its moments and makes the service fail. Each turn waits until the one before has
 * had its effect, so that a slow machine stretches the story but does not change it.
 * @param begun called once, when recognition runs, with the monotonic time from which the story's times count
 * @throws {Fault} when recognition does not even begin; what the board rejects with when all is called off
 */
export async function conduct(story: Story, stage: Stage, begun: (startMs: number) => void): Promise<void> {
  const { clock, board, service, play } = stage;
  const ready = (progress: Progress) => streaming(progress) && sounding(progress);
  if (!(await board.until(ready, clock.monotonicMs() + beginningMs))) throw notBegun(board.progress);
  const startMs = clock.monotonicMs();
  const lastMs = startMs + story.endMs + graceMs;
  begun(startMs);
  play({ name: "listening" });

  await board.at(startMs + story.errorAtMs);
  const word = await middleOfWord(stage);
  if (!(await board.until(streaming, lastMs))) return;
  play({ name: "error", word });
  service.addFault({ fault: { kind: "error", code: "SIS.0305" } });
  await board.until((progress) => progress.errors.size > 0, lastMs);

  await board.at(startMs + story.fatalAtMs);
  if (!(await board.until(streaming, lastMs))) return;
  const { closedMs, retryAfterS } = story;
  play({ name: "fatal", closedMs, retryAfterS });
  service.addFault({ fault: { kind: "refuse", status: 503, retry_after: retryAfterS, for_ms: Math.round(closedMs) } });
  service.addFault({ fault: { kind: "fatal", code: "SIS.0303" } });
  await board.until((progress) => progress.fatalErrors.size > 0 && !streaming(progress), lastMs);

  if (!(await board.until(streaming, lastMs))) return;
  play({ name: "back" });
  await recover(story, stage, startMs, lastMs);
}

/** Waits for a moment at which a word has begun and is not over; gives up when none comes. */
async function middleOfWord({ board, clock, words, wordAt }: Stage): Promise<string | null> {
  if (words === null) return null;
  const speaking = (progress: Progress) => streaming(progress) && wordAt(progress.soundMs) !== null;
  await board.until(speaking, clock.monotonicMs() + wordMs);
  return wordAt(board.progress.soundMs);
}

/** After the outage: what was said is recognised, the alarm is cleared, the voice falls silent; in any order. */
async function recover(story: Story, stage: Stage, startMs: number, lastMs: number): Promise<void> {
  const { clock, board, words, play } = stage;
  const silenceMs = startMs + story.wordsMs;
  const endMs = startMs + story.endMs;
  const wordsBefore = board.progress.words.length;
  const complete = (progress: Progress) => well(progress) && progress.words.length >= (words ?? 0);
  const over = (progress: Progress) => clock.monotonicMs() >= endMs && complete(progress);

  let turns: readonly { readonly scene: Scene; readonly due: (progress: Progress) => boolean }[] = [
    {
      scene: { name: "caught-up" },
      due: ({ words: heard, lagMs }) => heard.length > wordsBefore && lagMs < liveMs,
    },
    { scene: { name: "well" }, due: (progress) => progress.raised.size > 0 && well(progress) },
    { scene: { name: "silence", words }, due: () => clock.monotonicMs() >= silenceMs },
    { scene: { name: "waiting" }, due: (progress) => clock.monotonicMs() >= endMs && !complete(progress) },
  ];
  while (clock.monotonicMs() < lastMs) {
    const nextMs = Math.min(lastMs, ...[silenceMs, endMs].filter((ms) => ms > clock.monotonicMs()));
    await board.until((progress) => over(progress) || turns.some(({ due }) => due(progress)), nextMs);
    const { progress } = board;
    for (const { scene } of turns.filter(({ due }) => due(progress))) play(scene);
    turns = turns.filter(({ due }) => !due(progress));
    if (over(progress)) return;
  }
}

function notBegun({ phase, reason, fault, soundMs }: Progress): Fault {
  const waited = `within ${beginningMs / 1000} s`;
  if (fault !== null) return new Fault(fault.code, `no sound ${waited}: ${fault.message}`, { hint: fault.hint });
  if (soundMs === 0) return new Fault("recorder-stalled", `no sound came ${waited}`);
  return new Fault("internal", `recognition did not begin ${waited}: it is ${phase} (${reason})`);
}
