/** An oxlint plugin with one rule, `rooms/imports`: every import in src/ stays within the table of rooms.ts. */
import path from "node:path";
import { libraries, rooms } from "./rooms.ts";

/** A file of src/: its room (`audio`, or a file such as `agent.ts`), and its path within src/. */
interface Place {
  readonly room: string;
  readonly path: string;
}

function placeOf(pathInSrc: string): Place {
  return { room: pathInSrc.split("/", 1)[0] ?? "", path: pathInSrc };
}

function mayUseLibrary(from: Place, specifier: string): string | null {
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const allowed = libraries[name];
  if (allowed === undefined) return `the package ${name} is not in the table of libraries`;
  if (allowed.some((place) => (place.endsWith("/") ? from.path.startsWith(place) : from.path === place))) return null;
  return `the package ${name} is used only in ${allowed.join(", ")}`;
}

/**
 * Why an import is not allowed, or null where it is.
 *
 * @param fromPath the importing file within src/, such as `fleet/alarms.ts`
 * @param specifier as written: `../base/fault.ts`, `ws`, `node:fs`
 * @param typesOnly whether the whole statement is gone at run time (`import type`, `export type`, `typeof import()`)
 */
export function importProblem(fromPath: string, specifier: string, typesOnly: boolean): string | null {
  const from = placeOf(fromPath);
  const row = rooms[from.room];
  if (row === undefined) return `${from.room} is not in the table of rooms`;
  if (specifier.startsWith("node:")) return null;
  if (!specifier.startsWith(".")) return mayUseLibrary(from, specifier);

  const target = path.posix.join(path.posix.dirname(fromPath), specifier);
  if (target.startsWith("../")) return `${specifier} is outside src/`;
  const to = placeOf(target);
  if (to.room === from.room) return null;
  if (row.types.includes(to.room) && !typesOnly) return `${from.room} may import only types of ${to.room}`;
  if (!row.types.includes(to.room) && !row.all.includes(to.room)) return `${from.room} may not import ${to.room}`;
  // A file directly in a room's folder is its door; what is in a folder below is the room's own affair.
  if (to.path.split("/").length > 2)
    return `${to.path} is inside ${to.room}: only files directly in ${to.room}/ are for others`;
  return null;
}

// What this rule needs of ESLint's rule interface, which oxlint implements.
interface Node {
  readonly type: string;
  readonly source?: Node | null;
  readonly value?: unknown;
  readonly importKind?: string;
  readonly exportKind?: string;
  readonly callee?: { readonly type: string; readonly name?: string };
  readonly arguments?: readonly Node[];
}
interface Context {
  readonly cwd: string;
  readonly filename: string;
  report(problem: { readonly node: Node; readonly message: string }): void;
}

const imports = {
  create(context: Context) {
    const fromPath = path.relative(path.join(context.cwd, "src"), context.filename).split(path.sep).join("/");
    if (fromPath.startsWith("../")) return {};

    const check = (source: Node | null | undefined, typesOnly: boolean) => {
      if (source === null || source === undefined) return;
      const message =
        typeof source.value === "string"
          ? importProblem(fromPath, source.value, typesOnly)
          : "a computed import cannot be checked: name the module";
      if (message !== null) context.report({ node: source, message });
    };
    return {
      ImportDeclaration: (node: Node) => check(node.source, node.importKind === "type"),
      ExportNamedDeclaration: (node: Node) => check(node.source, node.exportKind === "type"),
      ExportAllDeclaration: (node: Node) => check(node.source, node.exportKind === "type"),
      ImportExpression: (node: Node) => check(node.source, false),
      TSImportType: (node: Node) => check(node.source, true),
      CallExpression: (node: Node) => {
        if (node.callee?.type === "Identifier" && node.callee.name === "require") check(node.arguments?.[0], false);
      },
    };
  },
};

// oxlint takes a plugin from the default export.
export default { meta: { name: "rooms" }, rules: { imports } };
