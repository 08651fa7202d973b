import { createHash, generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "../../../src/base/fault.ts";
import { locationOf } from "../../../src/host/fetch-file.ts";
import { Releases } from "../../../src/host/releases.ts";
import { update } from "../../../src/host/update.ts";
import { signedManifest } from "../../../src/host/update-manifest.ts";
import { Folder } from "../../cli/process.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const pem = publicKey.export({ type: "spki", format: "pem" }).toString();

/** A device whose service starts, unless its program says "broken". */
export async function lab() {
  const folder = await Folder.with({});
  const place = folder.of("opt");
  const releases = new Releases(place);
  const running: (string | null)[] = [];
  const broken = () => readFileSync(join(place, "current/sis-agent"), "utf8").includes("broken");
  const service = {
    starts: async (program: string) => program === join(place, "current/sis-agent"),
    restart: async () => {
      running.push(await releases.current());
      return !broken();
    },
    staysUp: async () => !broken(),
  };
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  /** Puts a release where it can be fetched. @returns its manifest */
  const publish = async (version: string, program = `program ${version}`, content = program) => {
    const sha256 = createHash("sha256").update(program).digest("hex");
    const release = { version, arch: "x64", size: Buffer.byteLength(program), sha256 };
    await writeFile(folder.of(version), content);
    await writeFile(folder.of(`${version}.json`), signedManifest(release, version, privateKey));
    return folder.of(`${version}.json`);
  };
  const check = async (program: string) => {
    if (readFileSync(program, "utf8").includes("unfit")) throw new Fault("update-refused", "unfit");
  };
  const fetchFrom = (where: string, allowOlder = false) =>
    update({
      manifest: locationOf(where),
      publicKey: pem,
      running: "0.5.0",
      arch: "x64",
      allowOlder,
      releases,
      service,
      check,
      say,
    });
  return {
    folder,
    place,
    releases,
    service,
    running,
    said,
    say,
    publish,
    fetchFrom,
    kept: () => readdirSync(join(place, "releases")).toSorted(),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
