import type { PeersResult } from "./run.ts";

const rowHeight = 16;
const groupGap = 14;
const top = 56;
const left = 190;
const panelWidth = 260;
const panelGap = 70;
const width = left + 2 * panelWidth + panelGap + 60;
/** The agent first, then the others in the order in which they are told. */
const colours = ["#0b6e4f", "#9aa5b1", "#6c8ebf", "#b58bc2", "#d79b5b"];

/** A picture of the result (SVG): for each fault, which share of the words each client lost, and when it was live again. */
export function plot({ clients, faults }: PeersResult): string {
  const shown = faults.filter((fault) => fault !== "none");
  const lives = clients.flatMap(({ outcomes }) => shown.map((fault) => outcomes.get(fault)?.liveMs ?? 0));
  const longestS = Math.max(10, Math.ceil(Math.max(...lives) / 10_000) * 10);
  const parts: string[] = [];
  const liveLeft = left + panelWidth + panelGap;
  parts.push(text(left, 22, "words lost, % of those spoken", "start", "bold"));
  parts.push(text(liveLeft, 22, "seconds until live again", "start", "bold"));
  let y = top;
  for (const fault of shown) {
    parts.push(text(14, y + 12, fault, "start", "bold"));
    for (const [index, { name, outcomes }] of clients.entries()) {
      const outcome = outcomes.get(fault);
      const colour = colours[index % colours.length] ?? "";
      parts.push(text(left - 8, y + 12, name, "end"));
      if (outcome !== undefined) {
        const share = outcome.spoken === 0 ? 0 : outcome.lost / outcome.spoken;
        parts.push(bar(left, y, share * panelWidth, colour, share === 0 ? "0" : (share * 100).toFixed(0)));
        const seconds = outcome.liveMs === null ? null : outcome.liveMs / 1000;
        if (seconds === null) parts.push(text(liveLeft + 4, y + 12, "never", "start", "italic"));
        else parts.push(bar(liveLeft, y, (seconds / longestS) * panelWidth, colour, seconds.toFixed(1)));
      }
      y += rowHeight;
    }
    y += groupGap;
  }
  for (const x of [left, liveLeft])
    parts.push(`<line x1="${x}" y1="${top - 12}" x2="${x}" y2="${y - groupGap + 4}" stroke="#888"/>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${y}" fill="#fff"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function bar(x: number, y: number, length: number, colour: string, label: string): string {
  const drawn = Math.max(1.5, length);
  const rectangle = `<rect x="${x}" y="${y + 2}" width="${drawn.toFixed(1)}" height="${rowHeight - 4}" fill="${colour}"/>`;
  return `${rectangle}${text(x + drawn + 5, y + 12, label, "start")}`;
}

function text(x: number, y: number, words: string, anchor: "start" | "end", style = ""): string {
  const weight = style === "bold" ? ' font-weight="bold"' : style === "italic" ? ' font-style="italic"' : "";
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}" fill="#222"${weight}>${words}</text>`;
}
