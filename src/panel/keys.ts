import { countsModulo, type KeyCounts } from "./messages.ts";

/** What a person wants by a key. */
export type KeyCommand = "talk" | "talk-end" | "mute" | "unmute" | "self-test";

export type MuteKey =
  | { readonly phase: "up" }
  /** `unmutes`: it was muted when the key went down, so letting go of it soon unmutes. */
  | { readonly phase: "down"; readonly sinceMs: number; readonly unmutes: boolean }
  /** Held for so long that it was something else. */
  | { readonly phase: "spent" };

export interface Keys {
  /** As last told; null: the panel has not told yet, or has started anew. */
  readonly counts: KeyCounts | null;
  readonly talk: "up" | "down";
  readonly mute: MuteKey;
}

export const restingKeys: Keys = { counts: null, talk: "up", mute: { phase: "up" } };

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
export function stepKeys(keys: Keys, counts: KeyCounts, nowMs: number, muted: boolean): KeyStep {
  const commands: KeyCommand[] = [];
  const talk = isDown(counts.talk) ? "down" : "up";
  if (talk !== keys.talk) commands.push(talk === "down" ? "talk" : "talk-end");
  if (keys.counts === null) {
    // Held since before we listened: nobody knows what for.
    return { next: { counts, talk, mute: { phase: isDown(counts.mute) ? "spent" : "up" } }, commands };
  }
  const moves = (counts.mute - keys.counts.mute + countsModulo) % countsModulo;
  let { mute } = keys;
  let isMuted = muted;
  for (let move = moves <= mostMoves ? moves : 0; move > 0; move -= 1) {
    // Counted from the end, so that the last one leads to where the key is now.
    const command = isDown(counts.mute - move + 1 + countsModulo) ? goesDown() : goesUp();
    if (command === null) continue;
    commands.push(command);
    isMuted = command === "mute";
  }
  if (moves > mostMoves) mute = { phase: isDown(counts.mute) ? "spent" : "up" };
  return { next: { counts, talk, mute }, commands };

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

/** Time has passed. */
export function stepKeyTime(keys: Keys, nowMs: number): KeyStep {
  const { mute } = keys;
  if (mute.phase !== "down" || nowMs - mute.sinceMs < longPressMs) return { next: keys, commands: [] };
  return { next: { ...keys, mute: { phase: "spent" } }, commands: ["self-test"] };
}

/** The panel is away, or has started anew: whoever held the talk key holds it no more. */
export function releaseKeys(keys: Keys): KeyStep {
  return { next: restingKeys, commands: keys.talk === "down" ? ["talk-end"] : [] };
}

function isDown(count: number): boolean {
  return count % 2 === 1;
}
