import { readFileSync } from "node:fs";

/** The page's files, as they are served. The packaged program carries their texts in place of this file. */
const names = [
  "index.html",
  "login.html",
  "style.css",
  "icon.svg",
  "main.js",
  "fleet.js",
  "list.js",
  "device.js",
  "chart.js",
  "dom.js",
  "login.js",
];

/** Name → text. */
export const assets: ReadonlyMap<string, string> = new Map(
  names.map((name) => [name, readFileSync(new URL(`page/${name}`, import.meta.url), "utf8")]),
);
