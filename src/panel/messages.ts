import { cutBytes, longestBody } from "./lines.ts";

// What agent and panel say to each other, inside the lines of lines.ts. Fields are separated by single spaces; more
// fields than are known, and messages that are not known, are passed over, so that either side can learn new ones.

/** What a panel can show. */
export interface PanelKind {
  /** Characters of its text line; 0: it has none. */
  readonly columns: number;
  /** Whether it can show more than ASCII. */
  readonly utf8: boolean;
}

/**
 * How often each key has moved, 0..99 and round again: up by one when it goes down, and when it goes up. Odd: it is down.
 * So a line that was lost is made up for by the next one.
 */
export interface KeyCounts {
  readonly talk: number;
  readonly mute: number;
}

export type PanelMessage =
  /** The panel has started, or answers our hello. */
  | { readonly type: "hello"; readonly kind: PanelKind }
  /** Its keys: after each change, and once a second, which is its heartbeat. */
  | { readonly type: "keys"; readonly counts: KeyCounts };

/** What the lamps say. */
export interface Lamps {
  readonly phase: LampPhase;
  /** Of the worst alarm: 0 none, 1 warning, 2 minor, 3 major, 4 critical. */
  readonly severity: 0 | 1 | 2 | 3 | 4;
  /** How loud it is, 0..9. */
  readonly level: number;
}

/** A letter for each phase, and `t` for the test of all lamps. */
const phaseLetters = {
  starting: "i",
  listening: "l",
  streaming: "s",
  "backing-off": "b",
  held: "h",
  muted: "m",
  stopping: "x",
  offline: "x",
  test: "t",
} as const;
export type LampPhase = keyof typeof phaseLetters;

const protocolVersion = 1;
export const countsModulo = 100;
const mostColumns = 64;

/** @returns null: nothing that we know */
export function panelMessageOf(body: string): PanelMessage | null {
  const [type = "", ...fields] = body.split(" ");
  switch (type) {
    case "H": {
      const [version, columns, characters] = fields;
      const count = numberIn(columns, mostColumns);
      // A later version only adds to this one.
      if (numberIn(version, 99) === null || version === "0" || count === null) return null;
      return { type: "hello", kind: { columns: count, utf8: characters === "utf8" } };
    }
    case "K": {
      const [talk, mute] = [numberIn(fields[0], countsModulo - 1), numberIn(fields[1], countsModulo - 1)];
      return talk === null || mute === null ? null : { type: "keys", counts: { talk, mute } };
    }
    default:
      return null;
  }
}

/** Asks the panel to say hello; says which version of the protocol is spoken here. */
export function helloBody(): string {
  return `H ${protocolVersion}`;
}

/** Also the agent's heartbeat: sent after each change, and once a second. */
export function lampsBody({ phase, severity, level }: Lamps): string {
  return `S ${phaseLetters[phase]} ${severity} ${level}`;
}

/** The text line, as far as the panel can show it. */
export function textBody(text: string, kind: PanelKind): string {
  const shown = kind.utf8 ? text : text.replace(/[^\x20-\x7e]/gu, "?");
  return `T ${Array.from(cutBytes(shown.toWellFormed(), longestBody - 2))
    .slice(0, kind.columns)
    .join("")}`;
}

function numberIn(text: string | undefined, most: number): number | null {
  if (text === undefined || !/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  return value <= most ? value : null;
}
