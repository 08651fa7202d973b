import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diskFault } from "../../base/disk-fault.ts";
import { Fault } from "../../base/fault.ts";

/** A directory that disposing removes; so does the end of the process, whatever ends it in good order. */
export async function temporaryDirectory(): Promise<{ readonly path: string } & Disposable> {
  const path = await mkdtemp(join(tmpdir(), "sis-demo-")).catch((error: unknown) => {
    const { code, message } = diskFault(`the demo needs a folder of its own in ${tmpdir()}`, error);
    throw new Fault(code, message, { hint: "Let TMPDIR name a folder that this user may write to.", cause: error });
  });
  const remove = () => rmSync(path, { recursive: true, force: true });
  process.once("exit", remove);
  return {
    path,
    [Symbol.dispose]() {
      process.off("exit", remove);
      remove();
    },
  };
}

/** Sets variables of this process, for the programs that it starts; disposing sets them back. */
export function inEnvironment(variables: Readonly<Record<string, string>>): Disposable {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    },
  };
}
