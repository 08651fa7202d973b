/** The oldest Node that this runs on, as package.json has it. The packaged program brings its own. */
export const leastNode = "24.12";

/** Why a Node of this version cannot run the program; null: it can. In the language of the oldest Node that may read it. */
export function nodeComplaint(version: string): string | null {
  if (version.localeCompare(leastNode, "en", { numeric: true }) >= 0) return null;
  return `sis-agent needs Node ${leastNode} or later; this is ${version}`;
}
