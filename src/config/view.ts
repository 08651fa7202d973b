import { keyAt } from "./keys.ts";
import { type Tree, valueAt } from "./tree.ts";

/** Where a setting's value comes from. */
export type Origin =
  | { readonly from: "default" }
  | { readonly from: "file"; readonly line: number | null }
  | { readonly from: "environment"; readonly variable: string }
  | { readonly from: "machine-id" };

/** The settings as they were given, for what must be checked although some of them are wrong. */
export class View {
  readonly #tree: Tree;
  readonly #wrong: ReadonlySet<string>;

  /** @param wrong the paths of settings and tables that are not as the schema wants them */
  constructor(tree: Tree, wrong: ReadonlySet<string>) {
    this.#tree = tree;
    this.#wrong = wrong;
  }

  /** Whether a setting or table was given, rightly or wrongly. */
  given(path: string): boolean {
    return valueAt(this.#tree, path) !== undefined;
  }

  /** The text of a setting: given, or its default; null where there is neither, or it is wrong. */
  text(path: string): string | null {
    if (this.#wrong.has(path)) return null;
    const value = valueAt(this.#tree, path) ?? keyAt(path)?.default;
    return typeof value === "string" ? value : null;
  }
}
