// The npm package: what is in it, whether its entry points are what package.json says, and the examples of docs/api.md
// against it as it is packed.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { versionLine } from "../../src/cli/version.ts";
import { numberSound, plainNumbers } from "../../src/simulator/numbers.ts";
import { startSimulator } from "../../src/simulator/simulator.ts";
import { plainEnvironment } from "../cli/process.ts";

const root = path.join(import.meta.dirname, "../..");
const execute = promisify(execFile);
/** A project that has installed the package, and what the package itself depends on, nothing else. */
const project = mkdtempSync(path.join(tmpdir(), "sis-agent-package-"));
const installed = path.join(project, "node_modules/sis-agent");
const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  exports: Record<string, string | { types: string; default: string }>;
  bin: Record<string, string>;
};
let packed: {
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
};

function link(name: string): void {
  const place = path.join(project, "node_modules", name);
  mkdirSync(path.dirname(place), { recursive: true });
  symlinkSync(path.join(root, "node_modules", name), place);
}

before(() => {
  const { stdout, stderr, status } = spawnSync("npm", ["pack", "--json", "--pack-destination", project], {
    cwd: root,
    encoding: "utf8",
    env: plainEnvironment({ PATH: `${path.dirname(process.execPath)}:${process.env["PATH"] ?? ""}` }),
  });
  assert.equal(status, 0, stderr);
  // npm 12 gives an object by name, earlier ones a list.
  const told = JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as object;
  const [entry] = Object.values(told) as [typeof packed & { readonly filename: string }];
  packed = entry;
  mkdirSync(installed, { recursive: true });
  const tar = spawnSync("tar", ["-xzf", path.join(project, entry.filename), "--strip-components=1", "-C", installed]);
  assert.equal(tar.status, 0, tar.stderr.toString());
  for (const name of Object.keys(manifest.dependencies)) link(name);
  writeFileSync(path.join(project, "package.json"), '{ "type": "module" }\n');
});
after(() => rmSync(project, { recursive: true, force: true }));

const rooms = "agent|audio|base|cli|config|console|exports|fleet|host|panel|recognition|simulator|sis|synthesis";

test("the package holds the program, its entry points and its documentation, and nothing else", () => {
  const allowed = [
    /^(package\.json|LICENSE|README\.md|README\.zh-CN\.md|CHANGELOG\.md)$/,
    new RegExp(`^dist/npm/((${rooms})/([\\w-]+/)*)?[\\w-]+\\.(js|d\\.ts)$`),
    /^dist\/npm\/console\/page\/[\w-]+\.(js|html|css|svg)$/,
    /^docs\/((decisions\/)?[\w-]+\.md|demo\.(svg|txt)|performance-peers\.svg|console(-device)?\.png|schemas\/[\w-]+\.json)$/,
    /^device\/(config\.sample\.toml|(grafana|mosquitto|panel|prometheus)\/[\w.-]+)$/,
  ];
  const names = packed.files.map((file) => file.path);
  const others = names.filter((name) => !allowed.some((pattern) => pattern.test(name)) || name.includes(".test."));
  assert.deepEqual(others, []);
  const modules = globSync("src/**/*.ts", { cwd: root }).filter((name) => !name.endsWith(".d.ts"));
  const scripts = names.filter((name) => name.endsWith(".js") && !name.includes("/page/"));
  assert.equal(scripts.length, modules.length);
  assert.ok(packed.unpackedSize < 5_000_000, `${packed.unpackedSize} bytes`);
});

test("what its pages lead to is in it", () => {
  const pages = globSync("**/*.md", { cwd: installed, exclude: (name) => name === "node_modules" });
  const astray = pages.flatMap((page) =>
    [...readFileSync(path.join(installed, page), "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !existsSync(path.join(installed, path.dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  assert.ok(pages.length > 30);
  assert.deepEqual(astray, []);
});

test("its entry points are there, with types; publint finds nothing to say", async () => {
  for (const target of Object.values(manifest.exports).flatMap((each) =>
    typeof each === "string" ? each : Object.values(each),
  ))
    assert.ok(globSync(target, { cwd: installed }).length > 0, target);
  const { messages, pkg } = await publint({ pkgDir: installed, strict: true, pack: false });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg, { color: false })),
    [],
  );
});

test("every module of it loads with the declared dependencies alone", async () => {
  const modules = globSync("dist/npm/**/*.js", { cwd: installed, exclude: (name) => /page$|main\.js$/.test(name) });
  assert.ok(modules.length > 200);
  const loads = `for (const file of ${JSON.stringify(modules)}) await import("${installed}/" + file);`;
  await execute(process.execPath, ["--input-type=module", "--eval", loads], { cwd: project });
});

test("its program runs, and tells the commit that it was made from, not another project's", async () => {
  spawnSync("git", ["init", "--quiet", project]);
  const program = path.join(installed, manifest.bin["sis-agent"] ?? "");
  const { stdout } = await execute(program, ["--version"], {
    cwd: project,
    env: plainEnvironment({ PATH: `${path.dirname(process.execPath)}:${process.env["PATH"] ?? ""}` }),
  });
  assert.equal(stdout, `${versionLine()}\n`);
});

const page = readFileSync(path.join(root, "docs/api.md"), "utf8");
const examples = [...page.matchAll(/^```ts\n\/\/ (\S+)\n([^]*?)^```$/gm)].map(([, name = "", code = ""]) => ({
  name,
  code,
}));

test("the examples of docs/api.md are right for the compiler, and the declarations they lead to", async () => {
  assert.equal(examples.length, [...page.matchAll(/^```ts/gm)].length);
  for (const { name, code } of examples) writeFileSync(path.join(project, name), code);
  link("@types/node");
  link("undici-types");
  const compilerOptions = {
    module: "nodenext",
    target: "es2024",
    lib: ["es2024", "esnext.disposable"],
    // What the declarations need they ask for themselves.
    types: [],
    strict: true,
    noEmit: true,
    resolveJsonModule: true,
    preserveSymlinks: false,
  };
  const files = examples.map(({ name }) => name);
  writeFileSync(path.join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const compiler = path.join(root, "node_modules/.bin/tsc");
  const { stdout } = await execute(compiler, ["--project", project]).catch(
    (error: unknown) => error as { stdout: string },
  );
  assert.equal(stdout, "");
});

for (const { name, code } of examples) {
  test(`the example ${name} says what its comments say`, async () => {
    writeFileSync(path.join(project, name), code);
    const sound = numberSound(2, plainNumbers(16_000));
    writeFileSync(path.join(project, "sound.raw"), new Uint8Array(sound.buffer));
    writeFileSync(path.join(project, "secret_key"), "simulator-secret-key-of-no-value-0000001\n");
    await using service = await startSimulator({ auth: "aksk" });
    const env = plainEnvironment({ SIS_ENDPOINT: service.url, SIS_ACCESS_KEY: "SIMULATORACCESSKEY01" });
    const { stdout, stderr } = await execute(process.execPath, [name], { cwd: project, env });
    assert.equal(stderr, "");
    const told = stdout.replaceAll(/\s+/g, " ");
    const promised = [...code.matchAll(/console\.log\(.*\/\/ (.*)$/gm)].map(([, comment = ""]) => comment);
    for (const comment of promised) {
      const [words = ""] = comment.split(/: the gateway|, …/);
      assert.ok(told.includes(words), `${words} in ${stdout}`);
    }
    if (name === "recognise.ts") assert.match(stdout, /^\d+ ms: 0001\n\d+ ms: 0002\n$/);
  });
}

test("a refusal comes as an error that says what to do", async () => {
  await using service = await startSimulator({ auth: "aksk" });
  const env = plainEnvironment({ SIS_ENDPOINT: service.url, SIS_ACCESS_KEY: "UNKNOWN" });
  const outcome = await execute(process.execPath, ["recognise.ts"], { cwd: project, env }).catch(
    (error: unknown) => error as { code: number; stderr: string },
  );
  assert.ok("code" in outcome);
  assert.equal(outcome.code, 1);
  assert.match(outcome.stderr, /^APIGW\.0301 \(credentials\): renew-credentials\. /);
});
