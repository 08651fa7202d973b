import assert from "node:assert/strict";
import { test } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import { leastNode, nodeComplaint } from "../../src/cli/least-node.ts";

test("an older Node is named with what is needed, a newer one is none the worse", () => {
  assert.equal(manifest.engines.node, `>=${leastNode}`);
  for (const version of ["24.12.0", "24.13.1", "25.0.0", "100.1.0"]) assert.equal(nodeComplaint(version), null);
  for (const version of ["24.11.9", "24.9.0", "20.20.2", "8.0.0"])
    assert.equal(nodeComplaint(version), `sis-agent needs Node ${leastNode} or later; this is ${version}`);
});
