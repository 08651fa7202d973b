/** What the tools must see: files that are wrong, each with the words by which its tool must complain of it. */
import { type Check, deadCode, format, lint, testOnly, types } from "./checks.ts";

export interface Plant {
  readonly path: string;
  readonly text: string;
  /** Which tool must name this file, and in the same line say this. Null: no tool may complain. */
  readonly seenBy: { readonly check: Check; readonly saying: string } | null;
}

const boundary = { check: lint, saying: "rooms(imports)" };
const rule = (name: string) => ({ check: lint, saying: name });

/** Right by itself; the wrong ones import it. */
const bystanders: readonly Plant[] = [
  { path: "src/audio/level.ts", text: "export const level = 1;\nexport type Level = number;\n", seenBy: null },
  { path: "src/audio/deep/inner.ts", text: "export const inner = 1;\n", seenBy: null },
  { path: "src/recognition/report.ts", text: "export const report = 1;\nexport type Report = number;\n", seenBy: null },
  {
    path: "src/fleet/right.ts",
    text: 'import type { Report } from "../recognition/report.ts";\n\nexport const right: Report = 1;\n',
    seenBy: null,
  },
];

export const plants: readonly Plant[] = [
  ...bystanders,
  {
    path: "src/base/imports-a-room.ts",
    text: 'import { level } from "../audio/level.ts";\n\nexport const wrong = level;\n',
    seenBy: boundary,
  },
  {
    path: "src/base/imports-a-room-late.ts",
    text: 'export const wrong = async () => import("../audio/level.ts");\n',
    seenBy: boundary,
  },
  {
    path: "src/fleet/imports-a-value.ts",
    text: 'import { report } from "../recognition/report.ts";\n\nexport const wrong = report;\n',
    seenBy: boundary,
  },
  {
    path: "src/recognition/reaches-inside.ts",
    text: 'import { inner } from "../audio/deep/inner.ts";\n\nexport const wrong = inner;\n',
    seenBy: boundary,
  },
  {
    path: "src/recognition/opens-a-socket.ts",
    text: 'import { WebSocket } from "ws";\n\nexport const wrong = WebSocket;\n',
    seenBy: boundary,
  },
  {
    path: "src/audio/cycle-one.ts",
    text: 'import { two } from "./cycle-two.ts";\n\nexport const one = (): number => two();\n',
    seenBy: rule("import(no-cycle)"),
  },
  {
    path: "src/audio/cycle-two.ts",
    text: 'import { one } from "./cycle-one.ts";\n\nexport const two = (): number => one();\n',
    seenBy: rule("import(no-cycle)"),
  },
  {
    path: "src/sis/loses-a-promise.ts",
    text: "export function wrong(work: () => Promise<void>): void {\n  work();\n}\n",
    seenBy: rule("typescript(no-floating-promises)"),
  },
  {
    path: "src/sis/trusts-anything.ts",
    text: "export const wrong = (text: string): string => JSON.parse(text);\n",
    seenBy: rule("typescript(no-unsafe-return)"),
  },
  {
    path: "src/sis/forgets-a-case.ts",
    text:
      'export function wrong(word: "yes" | "no"): number {\n  switch (word) {\n    case "yes":\n      return 1;\n  }\n' +
      "  return 0;\n}\n",
    seenBy: rule("typescript(switch-exhaustiveness-check)"),
  },
  {
    path: "src/cli/ends-the-process.ts",
    text: "export const wrong = (): void => process.exit(1);\n",
    seenBy: rule("unicorn(no-process-exit)"),
  },
  {
    path: "src/base/reads-the-clock.ts",
    text: "export const wrong = (): number => Date.now();\n",
    seenBy: rule("eslint(no-restricted-properties)"),
  },
  {
    path: "src/base/mistyped.ts",
    text: 'export const wrong: number = "one";\n',
    seenBy: { check: types, saying: "TS2322" },
  },
  {
    path: "src/base/unused.ts",
    text: "export const unused = 1;\n",
    seenBy: { check: deadCode, saying: "" },
  },
  {
    path: "src/base/tested-only.ts",
    text: "export const testedOnly = 1;\n",
    seenBy: { check: testOnly, saying: "" },
  },
  {
    path: "test/base/tested-only.test.ts",
    text: 'import { testedOnly } from "../../src/base/tested-only.ts";\n\nexport const value = testedOnly;\n',
    seenBy: null,
  },
  { path: "src/base/untidy.ts", text: "export const   wrong=1\n", seenBy: { check: format, saying: "format" } },
];
