import assert from "node:assert/strict";
import { test } from "node:test";
import { allChecks } from "../../scripts/checks/all-checks.ts";

for (const { name, run } of allChecks) {
  test(`the tree passes: ${name}`, async (t) => {
    const { ok, output, skipped } = await run(t.signal);
    if (skipped !== undefined) t.skip(skipped);
    assert.ok(ok, output);
  });
}
