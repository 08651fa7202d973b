/** What a test file's process tells as it goes, and what that amounts to. Pure. */

/** One JSON line of event-reporter.ts. */
export type FileEvent =
  | { readonly type: "begun"; readonly id: number; readonly parent: number | null; readonly name: string }
  | {
      readonly type: "ended";
      readonly id: number;
      readonly parent: number | null;
      readonly name: string;
      readonly suite: boolean;
      readonly passed: boolean;
      /** The reason given, or `true` where none was. */
      readonly skipped: string | null;
      readonly todo: string | null;
      readonly onlyChildrenFailed: boolean;
      readonly error: string | null;
    }
  /** What a test says beside its outcome; Node's counts; an error thrown after its test was over. */
  | { readonly type: "note"; readonly text: string }
  | { readonly type: "finished" };

/** How the process ended, or why it had to be ended. */
export type FileEnd =
  | { readonly type: "exited"; readonly code: number }
  | { readonly type: "killed"; readonly signal: string }
  /** Nothing was heard of it for so long. */
  | { readonly type: "silent"; readonly ms: number }
  /** The whole run was stopped. */
  | { readonly type: "stopped"; readonly why: string };

/** A test (or a file, where no test can be blamed) and what is to be said of it. */
export interface Finding {
  readonly name: string;
  readonly text: string;
}

export interface FileResult {
  readonly file: string;
  readonly ms: number;
  readonly passed: number;
  readonly failed: readonly Finding[];
  /** Skipped, or marked as still to do; the text is the reason. */
  readonly skipped: readonly Finding[];
  /** What the file wrote to stdout and stderr; the end of it, if it was a lot. */
  readonly output: string;
}

/**
 * Counts a file's tests. A file that ends in any way but "all its tests, then exit 0 by itself" has at least one failure.
 *
 * @param left commands of processes that outlived the file's own
 */
export function fileResult(
  file: string,
  ms: number,
  events: readonly FileEvent[],
  end: FileEnd,
  left: readonly string[],
  output: string,
): FileResult {
  const names = new Map<number, string>();
  const running = new Set<number>();
  const outcomes = new Map<number, FileEvent & { readonly type: "ended" }>();
  const notes: string[] = [];
  for (const event of events) {
    if (event.type === "finished") continue;
    if (event.type === "note") {
      if (!/^[a-z_]+ [\d.]+$/.test(event.text)) notes.push(event.text);
      continue;
    }
    const parent = event.parent === null ? undefined : names.get(event.parent);
    names.set(event.id, parent === undefined ? event.name : `${parent} › ${event.name}`);
    if (event.type === "begun") {
      running.add(event.id);
    } else {
      running.delete(event.id);
      outcomes.set(event.id, event);
    }
  }
  const nameOf = (id: number) => names.get(id) ?? "?";

  let passed = 0;
  const failed: Finding[] = [];
  const skipped: Finding[] = [];
  for (const [id, outcome] of outcomes) {
    if (outcome.skipped !== null) skipped.push({ name: nameOf(id), text: outcome.skipped });
    else if (outcome.todo !== null) skipped.push({ name: nameOf(id), text: `to do: ${outcome.todo}` });
    else if (!outcome.passed) {
      // A suite is only the sum of its tests, unless its own hooks failed.
      if (outcome.suite && outcome.onlyChildrenFailed) continue;
      failed.push({ name: nameOf(id), text: outcome.onlyChildrenFailed ? "" : (outcome.error ?? "") });
    } else if (!outcome.suite) passed += 1;
  }

  const trouble = troubleOf(end, {
    running: [...running].map(nameOf),
    finished: events.some((event) => event.type === "finished"),
    anyTest: outcomes.size > 0,
    anyFailed: failed.length > 0,
  });
  if (trouble !== null) failed.push({ name: file, text: [trouble, ...notes].join("\n") });
  if (left.length > 0) failed.push({ name: file, text: `left processes behind:\n${left.join("\n")}` });
  return { file, ms, passed, failed, skipped, output };
}

/** What is wrong with the file as a whole, beyond what its tests say. */
function troubleOf(
  end: FileEnd,
  tests: {
    readonly running: readonly string[];
    readonly finished: boolean;
    readonly anyTest: boolean;
    readonly anyFailed: boolean;
  },
): string | null {
  const during = tests.running.length === 0 ? "" : ` during: ${tests.running.join(", ")}`;
  switch (end.type) {
    case "silent": {
      const seconds = Math.round(end.ms / 1000);
      if (during !== "") return `no news for ${seconds} s${during}`;
      return tests.anyTest
        ? `its tests are over, but it has not exited for ${seconds} s: something is left open`
        : `no news for ${seconds} s`;
    }
    case "stopped":
      return `${end.why}${during}`;
    case "killed":
      return `killed by ${end.signal}${during}`;
    case "exited":
      if (end.code !== 0) return tests.anyFailed ? null : `exit code ${end.code}${during}`;
      if (tests.finished && tests.anyTest) return null;
      return tests.anyTest
        ? `exited before its tests were over${during}`
        : "has no test, or exited before telling of any";
  }
}
