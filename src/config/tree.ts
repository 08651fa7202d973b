/** A table of a parsed TOML document, its values not looked at yet. */
export type Tree = { [key: string]: unknown };

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** What stands at a path, `["sis", "auth", "method"]` or `"sis.auth.method"`; undefined where nothing does. */
export function valueAt(tree: Tree, path: string | readonly string[]): unknown {
  let value: unknown = tree;
  for (const name of typeof path === "string" ? path.split(".") : path) {
    if (!isTree(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** Puts `value` at `path`, making the tables on the way. Does nothing where something else than a table is in the way. */
export function setAt(tree: Tree, path: string, value: unknown): void {
  const names = path.split(".");
  const last = names.pop();
  let table = tree;
  for (const name of names) {
    if (!Object.hasOwn(table, name)) table[name] = {};
    const next = table[name];
    if (!isTree(next)) return;
    table = next;
  }
  if (last !== undefined) table[last] = value;
}
