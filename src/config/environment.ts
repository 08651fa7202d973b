import { fileKeyOf, isTable, type Key, keyOfVariable, keys, variableOf } from "./keys.ts";
import { nearest } from "./nearest.ts";
import { keyName, type Problem } from "./problems.ts";
import { setAt, type Tree, valueAt } from "./tree.ts";

/** A process's environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

const prefix = variableOf("");
/** What Kubernetes, and Docker's links, set by themselves for a service of the name sis-agent. */
const ofAnOrchestrator = /^SIS_AGENT_(?:SERVICE_(?:HOST|PORT)|PORT)(?:_|$)/;

/**
 * Puts the settings of the environment (`SIS_AGENT_SIS__ENDPOINT` for `sis.endpoint`) over those of the file.
 * @param tree the file's settings, changed in place
 * @returns the variable of each setting that now comes from the environment, and what is wrong with others
 */
export function overlay(
  tree: Tree,
  environment: Environment,
): { readonly variables: ReadonlyMap<string, string>; readonly problems: readonly Problem[] } {
  const variables = new Map<string, string>();
  const problems: Problem[] = [];
  for (const [variable, text] of Object.entries(environment).toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    if (!variable.startsWith(prefix) || text === undefined || ofAnOrchestrator.test(variable)) continue;
    const key = keyOfVariable(variable);
    if (key === undefined) {
      problems.push({
        code: "config-invalid",
        key: null,
        place: { variable: keyName(variable) },
        message: unknown(variable),
      });
      continue;
    }
    const value = valueOf(key, text);
    setAt(tree, key.path, value);
    if (valueAt(tree, key.path) === value) variables.set(key.path, variable);
  }
  return { variables, problems };
}

/** The text as the setting's type; text that is not of that type stays text, for the schema to refuse. */
function valueOf(key: Key, text: string): string | number | boolean {
  if (key.type === "switch" && (text === "true" || text === "false")) return text === "true";
  if (key.type === "number" && /^[+-]?\d{1,15}(?:\.\d{1,15})?$/.test(text)) return Number(text);
  return text;
}

function unknown(variable: string): string {
  const path = variable.slice(prefix.length).toLowerCase().replaceAll("__", ".");
  const file = fileKeyOf(path);
  if (file !== undefined)
    return `a secret is not taken from the environment; put it into a file and name that in ${file.variable}`;
  if (isTable(path)) return `is a table of settings, not a setting: its settings begin with ${variable}__`;
  const meant = nearest(
    variable.slice(prefix.length),
    keys.map((key) => key.variable.slice(prefix.length)),
  );
  return `is not a setting${meant === null ? "" : `; did you mean ${prefix}${meant}?`}`;
}
