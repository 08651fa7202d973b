import { dirname, resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import { deviceIdOf } from "./device-id.ts";
import { type Environment, overlay } from "./environment.ts";
import { issueProblems } from "./issues.ts";
import { keys } from "./keys.ts";
import { Lines } from "./locate.ts";
import type { Place, Problem } from "./problems.ts";
import { conflicts, type Finding, oddities } from "./rules.ts";
import { type Settings, settingsSchema } from "./schema.ts";
import { setAt, type Tree, valueAt } from "./tree.ts";
import { type Origin, View } from "./view.ts";

/** Everything that settings are made of. */
export interface Source {
  /** The configuration file's path: for messages, and relative paths start at its folder. */
  readonly file: string;
  /** Its content. */
  readonly toml: string;
  readonly environment: Environment;
  /** The content of /etc/machine-id; null where there is none. */
  readonly machineId: string | null;
}

/** What a source says. `settings` is null where there are problems. */
export interface Interpretation {
  readonly settings: Settings | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly origins: ReadonlyMap<string, Origin>;
  /** For checks of what lies outside: the settings as given, as far as they are right. */
  readonly view: View;
  /** Where a setting is written, or would be. */
  readonly place: (path: readonly string[]) => Place;
}

/** Reads settings out of a file's text and the environment. Finds everything that is wrong, not only the first; never throws. */
export function interpret(source: Source): Interpretation {
  const parsed = parseToml(source);
  if ("problem" in parsed) return nothing(source, parsed.problem);
  const { tree, lines } = parsed;
  const { variables, problems: variableProblems } = overlay(tree, source.environment);
  const derivesId = !Object.hasOwn(tree, "device_id");
  const derivedId = source.machineId === null ? null : deviceIdOf(source.machineId);
  if (derivesId && derivedId !== null) tree["device_id"] = derivedId;
  resolvePaths(tree, dirname(source.file));

  const place = (path: readonly string[]): Place => {
    const variable = variables.get(path.join("."));
    return variable === undefined ? { file: source.file, line: lines.of(path) } : { variable };
  };
  const result = settingsSchema.safeParse(tree);
  const schemaProblems = result.success ? [] : onePerKey(issueProblems(result.error.issues, tree, place));
  const wrong = new Set(schemaProblems.flatMap((problem) => problem.key ?? []));
  const view = new View(tree, wrong);
  const findingProblem = ({ key, message }: Finding): Problem => ({
    code: "config-invalid",
    key,
    place: place(key.split(".")),
    message,
  });
  const problems = inOrder([
    ...schemaProblems,
    ...(derivesId && derivedId === null ? [findingProblem(noDeviceId)] : []),
    ...conflicts(view).map(findingProblem),
    ...variableProblems,
  ]);
  const id = result.success ? result.data.device_id : undefined;
  return {
    settings: result.success && id !== undefined && problems.length === 0 ? { ...result.data, device_id: id } : null,
    problems,
    place,
    warnings: oddities(view).map(findingProblem),
    origins: originsOf(tree, variables, lines, derivesId),
    view,
  };
}

const noDeviceId: Finding = {
  key: "device_id",
  message: "is missing, and /etc/machine-id holds no id to derive it from; set device_id",
};

function parseToml(source: Source): { readonly tree: Tree; readonly lines: Lines } | { readonly problem: Problem } {
  try {
    return { tree: parse(source.toml, { maxDepth: 16 }), lines: new Lines(source.toml) };
  } catch (error) {
    const place = error instanceof TomlError ? { line: error.line, column: error.column } : { line: null };
    // The message's further lines quote the file, which may hold what must not be shown.
    const [what = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    const message = `is not TOML: ${what.replace(/^Invalid TOML document: /, "")}`;
    return { problem: { code: "config-invalid", key: null, place: { file: source.file, ...place }, message } };
  }
}

function nothing(source: Source, problem: Problem): Interpretation {
  const view = new View({}, new Set());
  const place = (): Place => ({ file: source.file, line: null });
  return { place, settings: null, problems: [problem], warnings: [], origins: new Map(), view };
}

function resolvePaths(tree: Tree, folder: string): void {
  for (const key of keys) {
    const value = key.isPath ? valueAt(tree, key.path) : undefined;
    if (typeof value === "string" && value !== "") setAt(tree, key.path, resolve(folder, value));
  }
}

/** One problem a setting: what else the schema says of it follows from the first. */
function onePerKey(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.toReversed().map((problem) => [problem.key, problem])).values()].toReversed();
}

/** As a person reads: down the file, then the environment. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const line = ({ place }: Problem) => ("variable" in place ? Number.POSITIVE_INFINITY : (place.line ?? 0));
  return problems.toSorted((one, other) => (line(one) === line(other) ? 0 : line(one) - line(other)));
}

function originsOf(
  tree: Tree,
  variables: ReadonlyMap<string, string>,
  lines: Lines,
  derivesId: boolean,
): ReadonlyMap<string, Origin> {
  return new Map(
    keys.map(({ path }): [string, Origin] => {
      const variable = variables.get(path);
      if (variable !== undefined) return [path, { from: "environment", variable }];
      if (path === "device_id" && derivesId) return [path, { from: "machine-id" }];
      if (valueAt(tree, path) === undefined) return [path, { from: "default" }];
      return [path, { from: "file", line: lines.of(path.split(".")) }];
    }),
  );
}
