/** The oldest Node that this runs on, as package.json has it. The packaged program brings its own. */
export const leastNode = "24.12";

const numbers = (version: string) => version.split(".").map(Number);

/** Why a Node of this version cannot run the program; null: it can. In the language of the oldest Node that may read it. */
export function nodeComplaint(version: string): string | null {
  // By numbers: to compare as people sort text, Node reads two megabytes of languages, and keeps them.
  const [major = 0, minor = 0] = numbers(version);
  const [leastMajor = 0, leastMinor = 0] = numbers(leastNode);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return null;
  return `sis-agent needs Node ${leastNode} or later; this is ${version}`;
}
