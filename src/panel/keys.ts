import { countsModulo, type KeyCounts } from "./messages.ts";

/** What a person wants by a key. */
export type KeyCommand = "talk" | "talk-end" | "mute" | "unmute" | "self-test";

export type MuteKey =
  | { readonly phase: "up" }
  /** `unmutes`: it was muted when the key went down, so letting go of it soon unmutes. */
  | { readonly phase: "down"; readonly sinceMs: number; readonly unmutes: boolean }
  /** Held for so long that it was something else. */
  | { readonly phase: "spent" };

/** What the panel has told of its keys. */
export type Told =
  | { readonly what: "nothing" }
  | { readonly what: "counts"; readonly counts: KeyCounts }
  /** And then it has said hello again: it goes on from there, or has started anew, from 0. */
  | { readonly what: "counts-then-hello"; readonly counts: KeyCounts };

export interface Keys {
  readonly told: Told;
  readonly talk: "up" | "down";
  readonly mute: MuteKey;
}

export const restingKeys: Keys = { told: { what: "nothing" }, talk: "up", mute: { phase: "up" } };

export interface KeyStep {
  readonly next: Keys;
  readonly commands: readonly KeyCommand[];
}

/** The mute key held this long asks for a self-test. */
export const longPressMs = 3000;
/** More moves than a person makes between two heartbeats: the count is not to be trusted. */
const mostMoves = 8;

/**
 * The panel has told its keys. Muting is at once, when the key goes down; unmuting is when it is let go of, so that a
 * long press, which asks for a self-test, never unmutes.
 * @param muted whether the microphone is muted now
 */
export function stepKeys(before: Keys, counts: KeyCounts, nowMs: number, muted: boolean): KeyStep {
  // It may have been held for long since the time was looked at last.
  const { next: keys, commands: due } = stepKeyTime(before, nowMs);
  const commands: KeyCommand[] = [...due];
  const talk = isDown(counts.talk) ? "down" : "up";
  if (talk !== keys.talk) commands.push(talk === "down" ? "talk" : "talk-end");
  const told: Told = { what: "counts", counts };
  const begins = beginning(keys, counts);
  if (begins === null) {
    // Held since before we listened: nobody knows what for.
    return { next: { told, talk, mute: { phase: isDown(counts.mute) ? "spent" : "up" } }, commands };
  }
  const moves = movesFrom(begins.from.mute, counts.mute);
  let { mute } = begins;
  let isMuted = muted;
  for (let move = moves <= mostMoves ? moves : 0; move > 0; move -= 1) {
    // Counted from the end, so that the last one leads to where the key is now.
    const command = isDown(counts.mute - move + 1 + countsModulo) ? goesDown() : goesUp();
    if (command === null) continue;
    commands.push(command);
    isMuted = command === "mute";
  }
  if (moves > mostMoves) mute = { phase: isDown(counts.mute) ? "spent" : "up" };
  return { next: { told, talk, mute }, commands };

  function goesDown(): "mute" | null {
    mute = { phase: "down", sinceMs: nowMs, unmutes: isMuted };
    return isMuted ? null : "mute";
  }
  function goesUp(): "unmute" | null {
    const unmutes = mute.phase === "down" && mute.unmutes;
    mute = { phase: "up" };
    return unmutes ? "unmute" : null;
  }
}

/** The panel has said hello. Whether it has started anew, or was asked and goes on, its next counts show. */
export function greetKeys(keys: Keys): Keys {
  return keys.told.what === "nothing" ? keys : { ...keys, told: { ...keys.told, what: "counts-then-hello" } };
}

/** From which counts on the moves are a person's, and how the mute key was then; null: nobody knows. */
function beginning(
  { told, mute }: Keys,
  counts: KeyCounts,
): { readonly from: KeyCounts; readonly mute: MuteKey } | null {
  if (told.what === "nothing") return null;
  const goesOn = [movesFrom(told.counts.talk, counts.talk), movesFrom(told.counts.mute, counts.mute)].every(
    (moves) => moves <= mostMoves,
  );
  const isAnew = told.what === "counts-then-hello" && (!goesOn || (counts.talk === 0 && counts.mute === 0));
  return isAnew ? { from: { talk: 0, mute: 0 }, mute: { phase: "up" } } : { from: told.counts, mute };
}

/** Time has passed. */
export function stepKeyTime(keys: Keys, nowMs: number): KeyStep {
  const { mute } = keys;
  if (mute.phase !== "down" || nowMs - mute.sinceMs < longPressMs) return { next: keys, commands: [] };
  return { next: { ...keys, mute: { phase: "spent" } }, commands: ["self-test"] };
}

/** The panel is away: whoever held the talk key holds it no more. */
export function releaseKeys(keys: Keys): KeyStep {
  return { next: restingKeys, commands: keys.talk === "down" ? ["talk-end"] : [] };
}

function movesFrom(before: number, now: number): number {
  return (now - before + countsModulo) % countsModulo;
}

function isDown(count: number): boolean {
  return count % 2 === 1;
}
