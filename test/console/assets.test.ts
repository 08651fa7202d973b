import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostArch } from "../../scripts/build/arch.ts";
import { root } from "../../scripts/build/binary.ts";
import { bundle } from "../../scripts/build/bundle.ts";
import { assets } from "../../src/console/assets.ts";
import { Folder, Running } from "../cli/process.ts";

test("every file of the page is served, and nothing else is", () => {
  const files = readdirSync(join(root, "src/console/page")).filter((name) => name !== "tsconfig.json");
  assert.deepEqual([...assets.keys()].toSorted(), files.toSorted());
});

test("the page is in the packaged program, byte for byte", async () => {
  const { code } = await bundle({ root, entry: join(root, "src/main.ts"), arch: hostArch(), commit: "test" });
  await using files = await Folder.with({ "sis-agent.cjs": code });
  // No broker is there: the page tells that, too.
  const args = ["fleet", "--mqtt", "mqtt://127.0.0.1:1", "--listen", "127.0.0.1:0"];
  await using running = new Running(files.of("sis-agent.cjs"), args);
  await running.until(() => running.stdout.includes("\n"));
  const { url } = JSON.parse(running.stdout) as { url: string };
  for (const [name, text] of assets) assert.equal(await (await fetch(`${url}${name}`)).text(), text, name);
  assert.equal(await (await fetch(url)).text(), assets.get("index.html"));
  assert.match(await (await fetch(`${url}metrics`)).text(), /^sis_fleet_broker_connected 0$/m);
});
