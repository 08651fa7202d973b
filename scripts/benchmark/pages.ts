import { readFileSync, writeFileSync } from "node:fs";

/** How a result was got. */
export interface Origin {
  readonly command: string;
  /** What it was measured on, as it was before. */
  readonly machine: string;
}

/**
 * Puts a result between its benchmark's marks on a page.
 * @param page a Markdown file that holds the marks
 * @param name the benchmark's, as `scripts/bench` knows it
 */
export function recordOn(page: URL, name: string, { command, machine }: Origin, result: string): void {
  const marks = { begin: `<!-- scripts/bench ${name}: begin -->`, end: `<!-- scripts/bench ${name}: end -->` };
  const [before, rest] = readFileSync(page, "utf8").split(marks.begin);
  const [, after] = rest?.split(marks.end) ?? [];
  if (before === undefined || after === undefined) throw new Error(`${page.pathname} has lost its marks`);
  const date = new Date().toISOString().slice(0, 10);
  const body = `\n\n\`${command}\`, ${date}, on ${machine}.\n\n${result}\n\n`;
  writeFileSync(page, `${before}${marks.begin}${body}${marks.end}${after}`);
}
