/**
 * Runs a script to its exit code. What the system or another program says goes to standard error in its own words, and the
 * exit code is 1; a defect of ours keeps its stack.
 * @param name of the script
 */
export async function plainly(name: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof Error) || !["syscall", "stderr", "hint"].some((sign) => sign in error)) throw error;
    const hint = "hint" in error && typeof error.hint === "string" ? `\n${error.hint}` : "";
    process.stderr.write(`${name}: ${error.message.trim()}${hint}\n`);
    process.exitCode = 1;
  }
}
