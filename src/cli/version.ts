/** The program's version: package.json's (tested). */
export const version = "0.1.0";

/** What exactly runs: the program's source on the Node that runs it. */
export const build = `source, Node ${process.versions.node}`;
