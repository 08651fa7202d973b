import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse, stringify } from "smol-toml";
import { Lines } from "../../src/config/locate.ts";

const document = `# a comment [not.a.table]
title = "a # b = c"  # key = "value"
[sis]
endpoint='ws://x'
auth = { method = "aksk", # inside
  "secret.key" = { deep = [ { a = 1 }, "}" ] },
  user . name = 1979-05-27 07:32:00 }
long = """
[not]
no = "\\"""
still = ""\\"
"""""
after = '''
x = 1
''''
list = [
  1, # ]
  [ "a]", 'b]' ],
]
behind = +inf
[ "quoted \\u0061" . b ]
c = 1
[[things]]
first = 1
[[things]]
first = 2
[audio.deep.deeper]
`;

for (const [path, line] of [
  [["title"], 2],
  [["sis"], 3],
  [["sis", "endpoint"], 4],
  [["sis", "auth"], 5],
  [["sis", "auth", "method"], 5],
  [["sis", "auth", "secret.key"], 6],
  [["sis", "auth", "secret.key", "deep"], 6],
  [["sis", "auth", "user"], 7],
  [["sis", "auth", "user", "name"], 7],
  [["sis", "long"], 8],
  [["sis", "after"], 13],
  [["sis", "list"], 16],
  [["sis", "behind"], 20],
  [["quoted a"], 21],
  [["quoted a", "b"], 21],
  [["quoted a", "b", "c"], 22],
  [["things", "first"], 24],
  [["audio"], 27],
  [["audio", "deep", "deeper"], 27],
  // what is not there is where it would be
  [["sis", "mode"], 3],
  [["sis", "auth", "domain"], 5],
  [["sis", "no"], 3],
  [["nothing"], null],
  [["x"], null],
] as const) {
  test(`${path.join(" . ")} is on line ${line}`, () => {
    parse(document); // it is TOML indeed
    assert.equal(new Lines(document).of(path), line);
  });
}

test("windows line ends and a byte order mark change nothing", () => {
  const lines = new Lines(`\ufeff${document.replaceAll("\n", "\r\n")}`);
  assert.equal(lines.of(["title"]), 2);
  assert.equal(lines.of(["sis", "behind"]), 20);
});

/** A document and the line of each of its keys, as they were written. */
const documents = (() => {
  const name = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/),
    fc.string({ maxLength: 6, unit: "grapheme" }),
    fc.constantFrom("a.b", "=", "#", "]", "[", '"', "'", "\\", "\n", "}"),
  );
  const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    value: fc.oneof(
      fc.string({ maxLength: 20, unit: "grapheme" }),
      fc.constantFrom("'''", '"""', "# no", "a = 1", "[x]", "\\", '\\"', "line\nx = 2\n[y]\n"),
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      fc.boolean(),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  }))["value"];
  const void_ = fc.constantFrom("", "", "\n", "# [x]\n", "\t\n  # y = 'z'\n\n");
  const entry = fc.record({ name, value, void_ });
  return fc.record({
    top: fc.uniqueArray(entry, { selector: (each) => each.name, maxLength: 4 }),
    tables: fc.uniqueArray(
      fc.record({ name, void_, entries: fc.uniqueArray(entry, { selector: (each) => each.name, maxLength: 4 }) }),
      { selector: (each) => each.name, maxLength: 4 },
    ),
  });
})();

/** As TOML writes a value on one line: inside an array nothing becomes a table of its own. */
function inline(value: unknown): string {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const parts = Object.entries(value).map(([name, inner]) => `${quoted(name)} = ${inline(inner)}`);
    return `{ ${parts.join(", ")} }`;
  }
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  return stringify({ v: value }).trimEnd().slice("v = ".length);
}

function quoted(name: string): string {
  return stringify({ [name]: 0 })
    .trimEnd()
    .slice(0, -" = 0".length);
}

test("every key of any document is found on its line", () => {
  let found = 0;
  fc.assert(
    fc.property(documents, ({ top, tables }) => {
      const taken = new Set(top.map(({ name }) => name));
      const lines: { readonly path: readonly string[]; readonly line: number }[] = [];
      let toml = "";
      const here = () => toml.split("\n").length;
      const write = (path: readonly string[], entry: (typeof top)[number]) => {
        toml += entry.void_;
        lines.push({ path: [...path, entry.name], line: here() });
        toml += `${quoted(entry.name)} = ${inline(entry.value)} # x\n`;
      };
      for (const entry of top) write([], entry);
      for (const table of tables) {
        if (taken.has(table.name)) continue;
        toml += table.void_;
        lines.push({ path: [table.name], line: here() });
        toml += `[ ${quoted(table.name)} ]\n`;
        for (const entry of table.entries) write([table.name], entry);
      }
      parse(toml);
      const located = new Lines(toml);
      for (const { path, line } of lines) {
        assert.equal(located.of(path), line, `${JSON.stringify(path)} in:\n${toml}`);
        found += 1;
      }
    }),
    { numRuns: 1000 },
  );
  assert.ok(found > 2000, `the documents are hardly empty: ${found} keys`);
});
