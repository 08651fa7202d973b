import type * as z from "zod";
import { fileKeyOf, keyAt, keys, tables } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { describe, keyName, type Place, type Problem, valueProblem } from "./problems.ts";
import { isTree, type Tree, valueAt } from "./tree.ts";

/** zod's words for what has none. */
const unsaid = "Invalid input";

/** Unknown keys beyond these are not looked at one by one: a file that has more is not a configuration. */
const mostUnknown = 100;

/** What the schema found wrong with `tree`, in words that a person can act on. */
export function issueProblems(
  issues: readonly z.core.$ZodIssue[],
  tree: Tree,
  place: (path: readonly string[]) => Place,
): readonly Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.slice(0, mostUnknown).map((name) => unknownKey(path, name, tree, place));
    }
    return wrongValue(
      path,
      valueAt(tree, path),
      issue.code === "custom" && issue.message !== unsaid ? issue.message : null,
      place,
    );
  });
}

function wrongValue(
  path: readonly string[],
  value: unknown,
  why: string | null,
  place: (path: readonly string[]) => Place,
): readonly Problem[] {
  const dotted = path.join(".");
  const key = keyAt(dotted);
  if (key !== undefined) return [problem(dotted, place(path), valueProblem(key, value, why))];
  if (value !== undefined)
    return [problem(dotted, place(path), `found ${describe(value)}; allowed: a table, [${dotted}]`)];
  const missing = keys.filter(({ table, required }) => table === dotted && required);
  return missing.map((each) => problem(each.path, place([...path, each.name]), valueProblem(each, undefined, null)));
}

function unknownKey(
  table: readonly string[],
  name: string,
  tree: Tree,
  place: (path: readonly string[]) => Place,
): Problem {
  const path = [...table, name];
  const holdsTable = isTree(valueAt(tree, path));
  return problem(path.map(keyName).join("."), place(path), unknownMessage(table.join("."), name, holdsTable));
}

function unknownMessage(table: string, name: string, holdsTable: boolean): string {
  const path = table === "" ? name : `${table}.${name}`;
  const file = fileKeyOf(path);
  if (file !== undefined)
    return `a secret is not written into the configuration; put it into a file and name that in ${file.path}`;
  const what = holdsTable ? "is not a table of settings" : "is not a setting";
  const meant = holdsTable
    ? nearest(
        path,
        tables.map((each) => each.path),
      )
    : meantKey(table, name);
  return meant === null ? `${what}; ${known(table)}` : `${what}; did you mean ${meant}?`;
}

/** A slip of the pen in the same table, a setting of another table, or something alike anywhere. */
function meantKey(table: string, name: string): string | null {
  const siblings = new Map(keys.filter((key) => key.table === table).map((key) => [key.name, key.path]));
  const sibling = siblings.get(nearest(name, siblings.keys()) ?? "");
  if (sibling !== undefined) return sibling;
  const elsewhere = new Map(keys.toReversed().map((key) => [key.name, key.path]));
  return elsewhere.get(nearest(name, elsewhere.keys()) ?? "") ?? null;
}

function known(table: string): string {
  const names = [
    ...keys.filter((key) => key.table === table).map((key) => key.name),
    ...tables
      .filter(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf("."))) === table)
      .map(({ path }) => `[${path}]`),
  ];
  return `${table === "" ? "known here" : `known in [${table}]`}: ${names.join(", ")}`;
}

function problem(key: string, place: Place, message: string): Problem {
  return { code: "config-invalid", key, place, message };
}
