import path from "node:path";
import * as esbuild from "esbuild";
import { assets } from "../../src/console/assets.ts";
import type { Arch } from "./arch.ts";

export interface BundleOptions {
  readonly root: string;
  /** The file that the program starts with. */
  readonly entry: string;
  readonly arch: Arch;
  /** What `--version` tells. */
  readonly commit: string;
}

export interface Bundle {
  /** CommonJS. Needs nothing beside it. */
  readonly code: string;
  /** The folders of the packages that it holds, relative to the source tree. */
  readonly packages: readonly string[];
}

/** Puts the program and its libraries into one script. Names and lines stay, so that a stack trace can be read. */
export async function bundle({ root, entry, arch, commit }: BundleOptions): Promise<Bundle> {
  const { outputFiles, metafile } = await esbuild.build({
    entryPoints: [entry],
    absWorkingDir: root,
    bundle: true,
    write: false,
    outfile: "sis-agent.cjs",
    platform: "node",
    target: `node${process.versions.node}`,
    format: "cjs",
    minifySyntax: true,
    legalComments: "none",
    metafile: true,
    define: {
      SIS_AGENT_COMMIT: JSON.stringify(commit),
      // There is no file to be relative to.
      "import.meta.url": '"file:///"',
      "import.meta.dirname": '"/"',
    },
    // Optional companions of ws, which does without them.
    external: ["bufferutil", "utf-8-validate"],
    loader: { ".node": "binary", ".wasm": "binary" },
    plugins: [recorders, speechDetector, page, serialAddon(root, arch), oneLanguage],
    logLevel: "warning",
  });
  const packages = new Set<string>();
  for (const input of Object.keys(metafile.outputs["sis-agent.cjs"]?.inputs ?? {})) {
    const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    if (folder !== undefined) packages.add(folder);
  }
  return { code: inAscii(outputFiles[0]?.text ?? ""), packages: [...packages].toSorted() };
}

/**
 * A script that esbuild has written, without the characters that it leaves in comments and regular expressions, where an
 * escape means the same. One that Latin-1 has not got, and V8 keeps all of the script in two bytes a character: three megabytes more.
 */
export function inAscii(code: string): string {
  return code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** node-record-lpcm16 finds its recorders by a path that it makes up as it runs. */
const recorders: esbuild.Plugin = {
  name: "recorders",
  setup(build) {
    build.onLoad({ filter: /node-record-lpcm16\/recorders\/index\.js$/ }, ({ path: file }) => ({
      contents: `
        const recorders = { arecord: require("./arecord"), rec: require("./rec"), sox: require("./sox") };
        exports.load = (name) => {
          if (!Object.hasOwn(recorders, name)) throw new Error("No such recorder found: " + name);
          return recorders[name];
        };`,
      resolveDir: path.dirname(file),
    }));
  },
};

/** The speech detector reads its WebAssembly from the file beside it. */
const speechDetector: esbuild.Plugin = {
  name: "speech detector",
  setup(build) {
    build.onResolve({ filter: /^@echogarden\/fvad-wasm$/ }, ({ path: name }) => ({
      path: name,
      namespace: "speech-detector",
    }));
    build.onLoad({ filter: /.*/, namespace: "speech-detector" }, ({ path: name }) => ({
      contents: `
        import wasmBinary from "${name}/fvad.wasm";
        import start from "${name}/fvad.js";
        export default (options) => start({ wasmBinary, ...options });`,
      resolveDir: import.meta.dirname,
    }));
  },
};

/** The console's page reads its files from the folder beside it. */
const page: esbuild.Plugin = {
  name: "page",
  setup(build) {
    build.onLoad({ filter: /src\/console\/assets\.ts$/ }, () => ({
      contents: `export const assets = new Map(${JSON.stringify([...assets])});`,
    }));
  },
};

/** serialport's addon travels as bytes: the system can load it only from a file. */
function serialAddon(root: string, arch: Arch): esbuild.Plugin {
  const flavour = { x64: "glibc", arm64: "armv8.glibc" }[arch];
  const file = `@serialport/bindings-cpp/prebuilds/linux-${arch}/@serialport+bindings-cpp.${flavour}.node`;
  return {
    name: "serialport's addon",
    setup(build) {
      build.onResolve({ filter: /^node-gyp-build$/ }, () => ({ path: "addon", namespace: "serialport" }));
      build.onLoad({ filter: /.*/, namespace: "serialport" }, () => ({
        contents: `
          import bytes from ${JSON.stringify(path.join(root, "node_modules", file))};
          import { loadAddon } from ${JSON.stringify(path.join(import.meta.dirname, "load-addon.ts"))};
          export default () => loadAddon(bytes);`,
        resolveDir: root,
      }));
    },
  };
}

/** zod brings its messages in fifty languages; ours are our own. */
const oneLanguage: esbuild.Plugin = {
  name: "one language",
  setup(build) {
    build.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, ({ path: file }) => ({
      contents: 'export { default as en } from "./en.js";',
      resolveDir: path.dirname(file),
    }));
  },
};
