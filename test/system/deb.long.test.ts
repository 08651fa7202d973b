import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { buildDeb, debArches } from "../../scripts/build/deb.ts";
import { Folder } from "../cli/process.ts";
import { builtBinary } from "./lab/binary.ts";
import { missing } from "./lab/processes.ts";

describe("the Debian package of the whole program", { skip: missing("dpkg-deb", "lintian", "npm", "tar") }, () => {
  for (const arch of debArches)
    test(`lintian has nothing to say, but for what is excused by name: ${arch}`, { timeout: 600_000 }, async () => {
      await using folder = await Folder.with({});
      await using binary = await builtBinary(arch === "amd64" ? "x64" : "arm64");
      const deb = await buildDeb({ arch, binary: binary.file, version: "1.2.3", out: folder.path, compression: 0 });
      const { stdout } = spawnSync("lintian", ["--allow-root", deb], { encoding: "utf8" });
      assert.equal(stdout, "");
      assert.equal(spawnSync("dpkg-deb", ["--field", deb, "Architecture"], { encoding: "utf8" }).stdout, `${arch}\n`);
    });
});
