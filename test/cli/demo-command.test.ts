import assert from "node:assert/strict";
import { test } from "node:test";
import { sisAgent } from "./process.ts";

for (const seconds of ["11.9", "601", "0", "-5", "12s", "", "1e2", "Infinity"]) {
  test(`--seconds "${seconds}" is bad usage, and says what is needed`, async () => {
    const { code, stdout, stderr } = await sisAgent(["demo", `--seconds=${seconds}`]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /'--seconds <number>'.* A number from 12 \(it takes that long .*\) to 600\.\n/);
  });
}

test("an argument that it does not take is bad usage", async () => {
  assert.equal((await sisAgent(["demo", "now"])).code, 2);
  assert.equal((await sisAgent(["demo", "--loud"])).code, 2);
});

test("--help tells the options", async () => {
  const { code, stdout } = await sisAgent(["demo", "--help"]);
  assert.equal(code, 0);
  for (const option of ["--seconds <number>", "--json", "--device <name>", "--no-color"])
    assert.ok(stdout.includes(option));
});

test("a device without a name is bad usage", async () => {
  const { code, stdout, stderr } = await sisAgent(["demo", "--device", ""]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /'--device <name>'.* The name of an ALSA device; arecord -L lists them\./);
});
