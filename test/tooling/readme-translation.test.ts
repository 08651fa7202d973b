import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

const root = path.join(import.meta.dirname, "../..");

/** What a page is made of, without its words. */
function skeleton(name: string) {
  const text = readFileSync(path.join(root, name), "utf8");
  // Comments are words, too.
  const blocks = [...text.matchAll(/^ *```(\w*)\n([^]*?)^ *```$/gm)].map(([, language, code = ""]) => ({
    language,
    code: code.replaceAll(/ +# .*$/gm, ""),
  }));
  const prose = text.replaceAll(/^ *```[^]*?^ *```$/gm, "\n");
  return {
    headings: [...prose.matchAll(/^(#+) /gm)].map(([, level]) => level),
    blocks,
    // Each says in the other's place where the other is.
    links: [...prose.matchAll(/\]\(([^)]+)\)/g)]
      .map(([, target = ""]) => target)
      .filter((link) => !link.startsWith("README")),
    code: [...prose.matchAll(/`([^`]+)`/g)].map(([, code]) => code),
    items: [...prose.matchAll(/^ *(\d+)\. /gm)].map(([, number]) => number),
    rows: [...prose.matchAll(/^\|.*\|$/gm)].map(([row]) => row.split("|").length),
  };
}

test("the Chinese README has the English one's headings, code, commands, links, lists and tables", () => {
  const english = skeleton("README.md");
  assert.ok(english.headings.length > 5 && english.blocks.length > 2 && english.links.length > 10);
  assert.deepEqual(skeleton("README.zh-CN.md"), english);
});

test("they lead to one another, and to files that are there", () => {
  for (const [name, other] of [
    ["README.md", "README.zh-CN.md"],
    ["README.zh-CN.md", "README.md"],
  ] as const) {
    assert.ok(readFileSync(path.join(root, name), "utf8").includes(`](${other})`), name);
    for (const link of skeleton(name).links) assert.ok(existsSync(path.join(root, link)), `${name}: ${link}`);
  }
});

test("the translation is in Chinese throughout", () => {
  const text = readFileSync(path.join(root, "README.zh-CN.md"), "utf8").replaceAll(/^ *```[^]*?^ *```$/gm, "");
  for (const paragraph of text.split(/\n{2,}/)) {
    if (paragraph.trim() === "" || paragraph === "# sis-agent") continue;
    assert.match(paragraph, /\p{Script=Han}/u, paragraph);
  }
});
