import { type Clock, instantOf } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import { Board } from "./board.ts";
import { conduct } from "./conductor.ts";
import { calledOffLines, endingLines } from "./ending.ts";
import type { Happening } from "./happening.ts";
import { openHouse } from "./house.ts";
import { linesOf } from "./lines.ts";
import { openingLines } from "./opening.ts";
import { noProgress, stepProgress } from "./progress.ts";
import type { Screen, StatusArea } from "./screen.ts";
import { soundFor } from "./sound.ts";
import { statusArea } from "./status.ts";
import { storyOf } from "./story.ts";
import { type Verdict, verdictOf } from "./summary.ts";
import { inEnvironment, temporaryDirectory } from "./surroundings.ts";
import { sampleRate, wordInMiddle } from "./words.ts";

export interface Performance {
  readonly seconds: number;
  /** A real microphone; null: the demo makes its own sound. */
  readonly device: string | null;
  readonly openScreen: (status: StatusArea) => Screen;
  readonly clock: Clock;
  /** Calls the demo off: everything is let go of within 2 s. */
  readonly signal: AbortSignal;
}

/** A stop in good order takes a fraction of this. */
const patienceMs = { over: 5_000, "called off": 1_000 } as const;

/**
 * Gives the demo: simulator, broker and agent in this process, everything let go of at its end.
 * @returns null when it was called off
 * @throws {Fault} when there is no sound, or no recognition, to begin with
 */
export async function perform(performance: Performance): Promise<Verdict | null> {
  const { clock, signal, openScreen } = performance;
  const story = storyOf(performance.seconds);
  await using cleanUp = new AsyncDisposableStack();
  const directory = cleanUp.use(await temporaryDirectory()).path;
  const sound = cleanUp.use(await soundFor(performance.device, story, directory, clock));
  cleanUp.use(inEnvironment(sound.environment));

  const calledOff = new AbortController();
  const board = new Board(noProgress, clock, AbortSignal.any([signal, calledOff.signal]));
  const said = () => sound.said(board.progress.soundMs);
  let startMs: number | null = null;
  const time = () => ({ nowMs: clock.monotonicMs(), startMs, endMs: story.endMs });
  const screen = cleanUp.use(openScreen(statusArea(() => ({ progress: board.progress, said: said(), ...time() }))));
  screen.print(openingLines(sound.origin, sound.words, story.endMs));

  const happen = (what: Happening) => {
    const now = instantOf(clock);
    screen.print(linesOf(what, now));
    board.update(stepProgress(board.progress, what, now, sampleRate));
  };
  const house = await openHouse({ sound, directory, clock, onHappening: happen });
  try {
    house.ended.then(
      () => calledOff.abort(endedByItself(board.progress.fault)),
      (error: unknown) => calledOff.abort(error),
    );
    const { words } = sound;
    const wordAt = (soundMs: number) => (words === null ? null : wordInMiddle(soundMs, words));
    const stage = { clock, board, service: house.service, words, wordAt };
    await conduct(story, { ...stage, play: (scene) => happen({ type: "scene", scene }) }, (ms) => {
      startMs = ms;
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    const how = signal.aborted ? "called off" : "over";
    await house.close(`the demo is ${how}`, patienceMs[how]);
  }
  if (signal.aborted) {
    screen.print(calledOffLines);
    return null;
  }

  const connections = house.service.state().connections.accepted;
  const verdict = verdictOf(board.progress, { said: said(), connections, capture: sound.capture });
  screen.print(endingLines(verdict));
  return verdict;
}

function endedByItself(fault: Fault | null): Fault {
  return fault ?? new Fault("internal", "the agent has ended by itself");
}
