// The broker that device/mosquitto sets up, by the commands that its page and docs/operations.md tell.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { mosquittoMissing, startMosquitto } from "./lab/mosquitto.ts";
import { missing } from "./lab/processes.ts";

const skip =
  mosquittoMissing ||
  missing("mosquitto_sub", "mosquitto_pub") ||
  (process.getuid?.() === 0 ? false : "only root can start the broker as the user that it is on a machine of its own");

const page = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const blocksOf = (text: string) => [...text.matchAll(/^ *```sh\n([^]*?)^ *```$/gm)].map(([, block = ""]) => block);

/** Runs what a page tells, in a folder in place of the broker's own. */
async function bash(folder: string, script: string): Promise<string> {
  const here = script.replaceAll("/etc/mosquitto/certs", folder).replaceAll("broker.example", "localhost");
  const done = await promisify(execFile)("bash", ["-ec", here], { cwd: folder });
  return done.stdout;
}

test("set up by its page, the broker starts as its own user; a device that is gone is cleared, and one that was stolen kept out", {
  skip,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "certs-"));
  t.after(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const [certificates = "", revocation = ""] = blocksOf(page("device/mosquitto/README.md"));
  await bash(folder, certificates);
  const shipped = {
    conf: page("device/mosquitto/sis-agent.conf"),
    acl: page("device/mosquitto/sis-agent.acl"),
    certificates: folder,
  };
  {
    await using broker = await startMosquitto({ shipped });
    const client = (program: string, name: string, more: string) =>
      bash(
        folder,
        `${program} -h broker.example -p ${broker.port} --cafile fleet-ca.crt --cert ${name}.crt --key ${name}.key ${more}`,
      );
    await client("mosquitto_pub", "kiosk-17", "-q 1 -r -t sis/v1/default/kiosk-17/up/state -m gone");
    const kept = () => client("mosquitto_sub", "sis-console", "-t 'sis/v1/+/+/up/#' --retained-only -W 1 || true");
    assert.equal(await kept(), "gone\n");
    const clear = blocksOf(page("docs/operations.md")).find((block) => block.includes("--remove-retained")) ?? "";
    const cleared = clear.replaceAll("-p 8883", `-p ${broker.port}`).replace("-W 5", "-W 5 || true");
    assert.equal(await bash(folder, cleared), "gone\n");
    assert.equal(await kept(), "");
  }
  await bash(folder, revocation);
  await using broker = await startMosquitto({
    shipped: { ...shipped, conf: shipped.conf.replace("#crlfile", "crlfile") },
  });
  const says = (name: string) =>
    bash(
      folder,
      `mosquitto_pub -h broker.example -p ${broker.port} --cafile fleet-ca.crt --cert ${name}.crt --key ${name}.key -q 1 -t sis/v1/default/${name}/up/state -m x`,
    );
  await says("sis-admin");
  await assert.rejects(says("kiosk-17"));
});
