import { after, before, describe, test } from "node:test";
import { hostArch } from "../../scripts/build/arch.ts";
import { type Binary, builtBinary, missingFor } from "./lab/binary.ts";
import { assertChecksConfiguration, assertStreamsFile, assertTellsVersion } from "./lab/binary-checks.ts";

describe("the packaged program, without node_modules and without a home", { skip: missingFor(hostArch()) }, () => {
  let binary: Binary;
  before(
    async () => {
      binary = await builtBinary(hostArch());
    },
    { timeout: 180_000 },
  );
  after(() => binary[Symbol.asyncDispose]());

  test("tells its version, commit and Node", () => assertTellsVersion(binary));
  test("checks a configuration", () => assertChecksConfiguration(binary));
  test("streams a file", () => assertStreamsFile(binary));
});
