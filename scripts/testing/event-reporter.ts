/**
 * A reporter for node:test, used inside the process of one test file: it writes what happens as JSON lines to
 * descriptor 3, where run-file.ts reads them. Standard output stays the test's own.
 */
import { AssertionError } from "node:assert";
import { writeSync } from "node:fs";
import type { TestEvent } from "node:test/reporters";
import { inspect } from "node:util";
import type { FileEvent } from "./file-result.ts";

function translate(event: TestEvent): FileEvent | null {
  if (event.type === "test:dequeue") {
    return { type: "begun", id: event.data.testId, parent: event.data.parentId ?? null, name: event.data.name };
  }
  // Both name the outcome. The first comes at once, the second, sometimes much later, also for cancelled tests.
  if (event.type === "test:complete" || event.type === "test:pass" || event.type === "test:fail") {
    const { testId: id, parentId, name, details, skip, todo } = event.data;
    const error = "error" in details ? (details.error ?? null) : null;
    return {
      type: "ended",
      id,
      parent: parentId ?? null,
      name,
      suite: details.type === "suite",
      passed: error === null,
      skipped: skip === undefined || skip === false ? null : String(skip),
      todo: todo === undefined || todo === false ? null : String(todo),
      // Then its children have told already.
      onlyChildrenFailed: failureType(error) === "subtestsFailed",
      error: error === null ? null : describe(error.cause ?? error),
    };
  }
  if (event.type === "test:diagnostic") return { type: "note", text: event.data.message };
  return event.type === "test:summary" ? { type: "finished" } : null;
}

/** An error in full, less the lines of its stack that are Node's own. */
function describe(error: unknown): string {
  if (typeof error === "string") return error;
  // An AssertionError's fields repeat what its message says.
  const text = error instanceof AssertionError ? (error.stack ?? error.message) : inspect(error);
  return text.replaceAll(/\n\s+at [^\n]*\bnode:[^\n]*/g, "").slice(0, 20_000);
}

function failureType(error: Error | null): unknown {
  return error !== null && "failureType" in error ? error.failureType : null;
}

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  for await (const event of events) {
    const line = translate(event);
    if (line !== null) writeSync(3, `${oneLine(JSON.stringify(line))}\n`);
  }
  yield "";
}

/** The line and paragraph separators of Unicode stand as they are in JSON, and end a line for who reads lines. */
function oneLine(json: string): string {
  return json.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}
