import { count, duration } from "./format.ts";
import { emptyLine, type Line, line, type Span, span } from "./line.ts";
import type { Verdict } from "./summary.ts";

const column = 14;

/** The account, for people. */
export function endingLines(verdict: Verdict): readonly Line[] {
  const { words, errors, fatal_errors: fatalErrors, reconnects, alarms, capture } = verdict.summary;
  const row = (name: string, ...spans: readonly Span[]) =>
    line(column + 2, span(`  ${name.padEnd(column)}`, "quiet"), ...spans);
  const said = words.sent === null ? [] : [row("words said", span(String(words.sent), "strong"))];
  const lost =
    words.lost === null
      ? row("sound lost", figure(verdict.lostMs, duration(verdict.lostMs)))
      : row("words lost", figure(words.lost, String(words.lost)));
  const strange = verdict.strange === 0 ? [] : [row("never said", figure(verdict.strange, String(verdict.strange)))];
  return [
    emptyLine,
    line(0, span("What became of it", "strong")),
    ...said,
    row("words heard", span(String(words.heard), "strong")),
    lost,
    row("heard twice", figure(words.doubled, String(words.doubled))),
    ...strange,
    row("ERROR", span(`${errors}  `, "strong"), span("the session ended, the connection stayed", "quiet")),
    row(
      "FATAL_ERROR",
      span(`${fatalErrors}  `, "strong"),
      span("the service disconnected, and let nobody in for a while", "quiet"),
    ),
    row("reconnects", span(String(reconnects), "strong")),
    row("alarms", span(`${alarms.raised} raised, ${alarms.cleared} cleared`, "strong")),
    row("recorded by", span(capture === "arecord" ? "arecord" : "nobody: a sound file")),
    emptyLine,
    line(2, ...conclusion(verdict)),
    emptyLine,
  ];
}

/** There is none. */
export const calledOffLines: readonly Line[] = [
  emptyLine,
  line(0, span("Called off: everything is cleaned up, no account is drawn.", "strong")),
];

function figure(value: number, text: string): Span {
  return span(text, value === 0 ? "good" : "bad");
}

function conclusion({ summary, kept }: Verdict): readonly Span[] {
  const { sent, heard } = summary.words;
  if (!kept) return [span("✕ ", "bad"), span("The promise was not kept: see the figures above.", "strong")];
  if (sent === null) {
    return [
      span("✓ ", "good"),
      span(`No sound was lost, nothing came twice. ${count(heard, "word")} heard.`, "strong"),
    ];
  }
  const words = `Every one of the ${count(sent, "word")} was heard, once, although the service failed twice.`;
  return [span("✓ ", "good"), span(words, "strong")];
}
