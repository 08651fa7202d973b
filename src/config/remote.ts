import { issueProblems } from "./issues.ts";
import { keyAt, keys } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { keyName } from "./problems.ts";
import { conflicts } from "./rules.ts";
import { type Settings, settingsSchema } from "./schema.ts";
import { isTree, setAt, type Tree } from "./tree.ts";
import { View } from "./view.ts";

/** What is wrong with a setting that the fleet wants. `key`: its path; null: not about one. */
export interface RemoteProblem {
  readonly key: string | null;
  readonly message: string;
}

/**
 * A device's own settings with those over them that its fleet wants, each by its path. Only settings marked as
 * remote-settable are taken; everything is checked as in the device's own file, and together.
 * @returns the settings to run on, or everything that is wrong
 */
export function withRemote(
  own: Settings,
  wanted: Readonly<Record<string, unknown>>,
): { readonly settings: Settings } | { readonly problems: readonly RemoteProblem[] } {
  const notAllowed = Object.keys(wanted).flatMap(notRemote);
  if (notAllowed.length > 0) return { problems: notAllowed };
  const tree: Tree = copy(own);
  for (const [path, value] of Object.entries(wanted)) setAt(tree, path, value);
  const result = settingsSchema.safeParse(tree);
  const wrong = result.success
    ? []
    : issueProblems(result.error.issues, tree, () => ({ file: "remote", line: null })).map(({ key, message }) => ({
        key,
        message,
      }));
  const view = new View(tree, new Set(wrong.flatMap(({ key }) => key ?? [])));
  const problems = [...wrong, ...conflicts(view)];
  if (!result.success || problems.length > 0) return { problems };
  return { settings: { ...result.data, device_id: own.device_id } };
}

function notRemote(path: string): readonly RemoteProblem[] {
  const key = keyAt(path);
  if (key?.remote === true) return [];
  if (key !== undefined) return [{ key: path, message: "cannot be set by the fleet, only in the device's own file" }];
  const remote = keys.filter((each) => each.remote).map((each) => each.path);
  const meant = nearest(path, remote);
  const shown = path.split(".").map(keyName).join(".");
  return [
    {
      key: shown === "" ? '""' : shown.slice(0, 128),
      message: `is not a setting; ${meant === null ? `the fleet can set: ${remote.join(", ")}` : `did you mean ${meant}?`}`,
    },
  ];
}

function copy(table: object): Tree {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, isTree(value) ? copy(value) : value]));
}
