/** What a piece of text means; the terminal chooses the colour. */
export type Tone = "plain" | "quiet" | "strong" | "good" | "bad" | "warning" | "agent" | "fleet" | "heard";

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** A line of output; where it is too long for a terminal it goes on at column `hang`. */
export interface Line {
  readonly spans: readonly Span[];
  readonly hang: number;
}

export function span(text: string, tone: Tone = "plain"): Span {
  return { text, tone };
}

export function line(hang: number, ...spans: readonly Span[]): Line {
  return { spans, hang };
}

export const emptyLine: Line = line(0);

/** Columns that a text takes, taking each code point for one. */
export function widthOf(spans: readonly Span[]): number {
  return spans.reduce((width, { text }) => width + Array.from(text).length, 0);
}

const sgr: Readonly<Record<Tone, string>> = {
  plain: "",
  quiet: "90",
  strong: "1",
  good: "32",
  bad: "1;31",
  warning: "33",
  agent: "36",
  fleet: "34",
  heard: "32",
};

/** As text for a terminal with colours (ECMA-48 SGR), or without any escape sequence. */
export function painted(spans: readonly Span[], colours: boolean): string {
  return spans
    .map(({ text, tone }) => (colours && sgr[tone] !== "" ? `\u001b[${sgr[tone]}m${text}\u001b[0m` : text))
    .join("");
}

/** As rows of at most `columns`, broken between words where that is possible, without blanks at their ends. */
export function wrapped({ spans, hang }: Line, columns: number): readonly (readonly Span[])[] {
  const indent = Math.min(hang, Math.max(0, columns - 20));
  const rows: Span[][] = [[]];
  let used = 0;
  for (const { text, tone } of spans) {
    for (const piece of text.split(breakable)) {
      for (const part of chopped(piece, Math.max(1, columns - indent))) {
        const width = Array.from(part).length;
        if (used > 0 && used + Array.from(part.trimEnd()).length > columns) {
          rows.push([span(" ".repeat(indent))]);
          used = indent;
        }
        append(rows.at(-1) ?? [], span(part, tone));
        used += width;
      }
    }
  }
  return rows.map(trimmed);
}

/** Neighbours of one tone are one span. */
function append(row: Span[], { text, tone }: Span): void {
  const last = row.at(-1);
  if (last?.tone === tone) row[row.length - 1] = span(last.text + text, tone);
  else row.push(span(text, tone));
}

function trimmed(row: readonly Span[]): readonly Span[] {
  const last = row.at(-1);
  if (last === undefined) return row;
  const text = last.text.trimEnd();
  return text === "" ? trimmed(row.slice(0, -1)) : [...row.slice(0, -1), span(text, last.tone)];
}

/** As one row of at most `columns`; what is cut off is marked with `…`. */
export function cut(spans: readonly Span[], columns: number): readonly Span[] {
  if (widthOf(spans) <= columns) return spans;
  const kept: Span[] = [];
  let left = columns - 1;
  for (const { text, tone } of spans) {
    const head = Array.from(text).slice(0, left);
    left -= head.length;
    if (head.length > 0) kept.push(span(head.join(""), tone));
  }
  return columns < 1 ? [] : [...kept, span("…", "quiet")];
}

/** After a space or a comma; not before the space, nor between a number and its unit. */
const breakable = /(?<=[ ,])(?<!\d )(?! )/;

function chopped(text: string, length: number): readonly string[] {
  const characters = Array.from(text);
  if (characters.length <= length) return [text];
  const parts: string[] = [];
  for (let from = 0; from < characters.length; from += length)
    parts.push(characters.slice(from, from + length).join(""));
  return parts;
}
