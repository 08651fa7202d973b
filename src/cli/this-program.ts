import { isSea } from "node:sea";

/** The command that runs this very program, without its arguments: packaged, or Node and the source. */
export function thisProgram(): readonly string[] {
  const [, script = ""] = process.argv;
  return isSea() ? [process.execPath] : [process.execPath, ...process.execArgv, script];
}
