import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Arch } from "./arch.ts";
import { root } from "./binary.ts";
import { bundle } from "./bundle.ts";
import { pinnedNode } from "./pinned-node.ts";

/** What the authors of Node and of every library in the packaged program want to go with it: their licences, in full. */
export async function licences(arch: Arch): Promise<string> {
  const { packages } = await bundle({ root, entry: path.join(root, "src/main.ts"), arch, commit: "" });
  const parts = packages.map((folder) =>
    chapter(`${folder.replace(/^.*node_modules\//, "")} ${versionOf(folder)}`, textsOf(folder)),
  );
  parts.push(chapter(`Node.js ${process.versions.node}`, (await pinnedNode(root, arch, "LICENSE")).toString()));
  return parts.join("\n");
}

function chapter(title: string, text: string): string {
  return `${"=".repeat(78)}\n${title}\n${"=".repeat(78)}\n\n${text.trim()}\n`;
}

function textsOf(folder: string): string {
  const files = readdirSync(path.join(root, folder)).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
  if (files.length === 0) return `License: ${String(manifestOf(folder)["license"])}`;
  return files
    .toSorted()
    .map((name) => readFileSync(path.join(root, folder, name), "utf8").trim())
    .join("\n\n");
}

function versionOf(folder: string): string {
  return String(manifestOf(folder)["version"]);
}

function manifestOf(folder: string): Record<string, unknown> {
  const manifest: unknown = JSON.parse(readFileSync(path.join(root, folder, "package.json"), "utf8"));
  return typeof manifest === "object" && manifest !== null ? { ...manifest } : {};
}
