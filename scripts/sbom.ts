/**
 * scripts/sbom [FILE]: writes a software bill of materials (CycloneDX, JSON) of what ships: the program's libraries and
 * the Node in the packaged program, with versions, licences and digests; npm knows them from package-lock.json. The same
 * source gives the same file. The last line of standard output is its path (dist/sis-agent-VERSION.cdx.json).
 */
import { execFileSync } from "node:child_process";
import { existsSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { version } from "../src/cli/version.ts";
import { whyNotInto } from "./build/make-folders.ts";
import { plainly } from "./build/plainly.ts";
import { shippedPackages } from "./checks/shipped.ts";

const root = path.dirname(import.meta.dirname);

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  /** Under which name vulnerabilities of it are known. */
  readonly cpe?: string;
}
interface Bom {
  readonly serialNumber?: string;
  readonly metadata: { readonly timestamp?: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** By npm's name for its package of Node nobody finds what is known of Node. */
function findable(component: Component): Component {
  if (!isNode(component)) return component;
  return { ...component, cpe: `cpe:2.3:a:nodejs:node.js:${component.version}:*:*:*:*:*:*:*` };
}

function isNode({ name }: Component): boolean {
  return name.startsWith("node-linux-");
}

/** npm's list, without what only developers have, and without what differs from run to run. */
function billOfMaterials(): object {
  // Not `--omit=dev`: that also leaves out what both the program and a tool use.
  const command = ["sbom", "--package-lock-only", "--sbom-format=cyclonedx", "--sbom-type=application"];
  const told: unknown = JSON.parse(execFileSync("npm", command, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 }));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm wrote it
  const { serialNumber: _serial, metadata, components, dependencies, ...rest } = told as Bom;
  const { timestamp: _timestamp, ...about } = metadata;
  const shipped = new Set(shippedPackages().map(({ name, version: of }) => `${name}@${of}`));
  const itself = metadata.component["bom-ref"];
  const nodes = components.filter(isNode);
  return {
    ...rest,
    // npm names it by the folder it lies in.
    metadata: { ...about, component: { ...metadata.component, name: "sis-agent" } },
    components: components.filter((component) => shipped.has(component["bom-ref"])).map(findable),
    dependencies: dependencies
      .filter(({ ref }) => ref === itself || shipped.has(ref))
      .map(({ ref, dependsOn }) => {
        const own = ref === itself ? nodes.map((node) => node["bom-ref"]) : [];
        return { ref, dependsOn: [...dependsOn.filter((other) => shipped.has(other)), ...own] };
      }),
  };
}

const usage =
  "usage: scripts/sbom [FILE]\nWrites what ships, as CycloneDX (default: dist/sis-agent-VERSION.cdx.json).\n";

await plainly("sbom", async () => {
  const [file = path.join(root, `dist/sis-agent-${version}.cdx.json`), ...more] = process.argv.slice(2);
  const asksForHelp = file === "--help" || file === "-h";
  if (file.startsWith("-") || more.length > 0) {
    (asksForHelp ? process.stdout : process.stderr).write(usage);
    process.exitCode = asksForHelp ? 0 : 2;
    return;
  }
  const why = existsSync(file) && !statSync(file).isFile() ? `${file} is not a file` : whyNotInto(path.dirname(file));
  if (why !== null) throw Object.assign(new Error(why), { hint: "Name another FILE." });
  writeFileSync(file, `${JSON.stringify(billOfMaterials(), null, 2)}\n`);
  process.stdout.write(`${path.resolve(file)}\n`);
});
