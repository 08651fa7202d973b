import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { root } from "./binary.ts";
import { licences } from "./licences.ts";
import { makeFolders } from "./make-folders.ts";
import { manPage } from "./man-page.ts";

const run = promisify(execFile);

/** The processors, in Debian's words. */
export const debArches = ["amd64", "arm64"] as const;
export type DebArch = (typeof debArches)[number];

export interface DebOptions {
  readonly arch: DebArch;
  /** The executable that is packaged. */
  readonly binary: string;
  readonly version: string;
  /** The folder for the result. Made if need be. */
  readonly out: string;
  /** xz's, 0..9; default: 6. */
  readonly compression?: number;
}

const maintainer = "The sis-agent developers <sis-agent@packages.example.org>";

/** Where files of the source tree are installed. */
const installed: readonly (readonly [from: string, to: string])[] = [
  ["device/systemd/sis-agent.service", "usr/lib/systemd/system/sis-agent.service"],
  ["device/systemd/sis-agent-settle.service", "usr/lib/systemd/system/sis-agent-settle.service"],
  ["device/sysusers/sis-agent.conf", "usr/lib/sysusers.d/sis-agent.conf"],
  ["device/tmpfiles/sis-agent.conf", "usr/lib/tmpfiles.d/sis-agent.conf"],
  ["device/udev/60-sis-agent.rules", "usr/lib/udev/rules.d/60-sis-agent.rules"],
  ["device/config.sample.toml", "usr/share/sis-agent/agent.toml"],
  ["device/debian/lintian-overrides", "usr/share/lintian/overrides/sis-agent"],
];
const scripts = ["postinst", "prerm", "postrm"];

/**
 * Builds the Debian package around an executable. The same input gives the same bytes.
 * @returns the file's absolute path: FOLDER/sis-agent_VERSION_ARCH.deb
 */
export async function buildDeb({ arch, binary, version, out, compression = 6 }: DebOptions): Promise<string> {
  const folder = path.resolve(out);
  makeFolders(folder);
  const tree = mkdtempSync(path.join(folder, ".deb-"));
  try {
    chmodSync(tree, 0o755);
    put(tree, "usr/bin/sis-agent", 0o755, (to) => copyFileSync(binary, to));
    for (const [from, to] of installed) put(tree, to, 0o644, (file) => cpSync(path.join(root, from), file));
    const date = commitDate();
    const documents = "usr/share/doc/sis-agent";
    write(tree, "usr/share/man/man1/sis-agent.1.gz", packed(manPage(version, date)));
    write(tree, `${documents}/copyright`, copyright(date));
    write(tree, `${documents}/changelog.gz`, packed(changelog(version, date)));
    write(tree, `${documents}/third-party-licences.gz`, packed(await licences(arch === "amd64" ? "x64" : "arm64")));
    for (const name of scripts)
      put(tree, `DEBIAN/${name}`, 0o755, (to) => cpSync(path.join(root, "device/debian", name), to));
    write(tree, "DEBIAN/control", control(arch, version, kilobytesIn(tree)));
    const options = ["--root-owner-group", "-Zxz", `-z${compression}`, "--build"];
    await run("dpkg-deb", [...options, tree, `${tree}.deb`], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(Math.floor(date.getTime() / 1000)) },
    });
    const file = path.join(folder, `sis-agent_${version}_${arch}.deb`);
    renameSync(`${tree}.deb`, file);
    return file;
  } finally {
    rmSync(tree, { recursive: true, force: true });
    rmSync(`${tree}.deb`, { force: true });
  }
}

function put(tree: string, name: string, mode: number, make: (to: string) => void): void {
  const to = path.join(tree, name);
  for (let at = path.dirname(to); at !== tree; at = path.dirname(at)) {
    mkdirSync(at, { recursive: true });
    chmodSync(at, 0o755);
  }
  make(to);
  chmodSync(to, mode);
}

function write(tree: string, name: string, content: string | Uint8Array): void {
  put(tree, name, 0o644, (to) => writeFileSync(to, content));
}

function kilobytesIn(tree: string): number {
  const files = readdirSync(tree, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.map((entry) => statSync(path.join(entry.parentPath, entry.name)).size);
  return Math.ceil(bytes.reduce((sum, size) => sum + size, 0) / 1024);
}

function packed(text: string): Buffer {
  return gzipSync(text, { level: 9 });
}

/** The date of what is packaged. */
function commitDate(): Date {
  try {
    const seconds = execFileSync("git", ["-C", root, "log", "-1", "--format=%ct"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return new Date(Number(seconds) * 1000);
  } catch {
    return new Date(0);
  }
}

function control(arch: DebArch, version: string, kilobytes: number): string {
  return `Package: sis-agent
Version: ${version}
Architecture: ${arch}
Maintainer: ${maintainer}
Installed-Size: ${kilobytes}
Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 8), systemd (>= 250), init-system-helpers (>= 1.54)
Recommends: alsa-utils
Section: sound
Priority: optional
Description: streams a microphone to Huawei Cloud SIS, and loses no speech
 A long-running agent for small devices. It records a microphone, has what is
 said recognised by Huawei Cloud SIS in real time, and tells a fleet over MQTT
 exactly what is wrong. Recording never waits for delivery: whatever breaks,
 the next session goes on where the service had got to.
`;
}

function copyright(date: Date): string {
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: sis-agent

Files: *
Copyright: ${date.getUTCFullYear()} The sis-agent developers
License: Apache-2.0
 On Debian systems, the text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0.
Comment:
 The program holds Node.js and libraries of other authors. Their licences are in
 /usr/share/doc/sis-agent/third-party-licences.gz.
`;
}

function changelog(version: string, date: Date): string {
  const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", timeZone: "UTC" }).format(date);
  const stamp = date.toUTCString().replace(/^\w+/, day).replace("GMT", "+0000");
  const notes = readFileSync(path.join(root, "CHANGELOG.md"), "utf8");
  const title = /^## (.*)$/m.exec(notes)?.[1] ?? version;
  return `sis-agent (${version}) stable; urgency=medium\n\n  * ${title}\n\n -- ${maintainer}  ${stamp}\n`;
}
