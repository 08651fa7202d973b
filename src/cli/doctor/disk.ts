import { open, readdir, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { diskFault, errorName } from "../../base/disk-fault.ts";
import type { Check } from "./examine.ts";
import { type Finding, fail, failed, ok, warn } from "./finding.ts";

export const diskCheck: Check = {
  name: "disk",
  deadlineMs: 4000,
  mendIfLate: "The disk hangs: look in the kernel's log (dmesg), check or replace the card.",
  async look({ configuration }) {
    const { state_dir: folder, buffer } = configuration.settings;
    const there = await stat(folder).then((found) => (found.isDirectory() ? "folder" : "file"), missing);
    if (there === "file") return fail(`${folder} is not a folder`, "Move it away, or choose another state_dir.");
    if (there === "nothing") return absent(folder);
    try {
      await probe(folder);
    } catch (error) {
      return failed(diskFault(`${folder} cannot be written`, error));
    }
    const { bavail, bsize } = await statfs(folder);
    const wanted = buffer.disk === "off" ? 0 : buffer.disk_megabytes * 1_000_000;
    return spaceFinding(folder, bavail * bsize, Math.max(0, wanted - (await kept(folder))));
  },
};

const reserveBytes = 20_000_000;

/** @param wantedBytes that the agent may still put there */
export function spaceFinding(folder: string, freeBytes: number, wantedBytes: number): Finding {
  const free = `${folder} can be written; ${Math.floor(freeBytes / 1_000_000)} MB are free`;
  if (freeBytes < reserveBytes) return fail(free, "Free some space (try: df -h, du -xh / | sort -h | tail).");
  if (freeBytes >= wantedBytes + reserveBytes) return ok(free);
  const mend = "Free some space, or lower buffer.disk_megabytes.";
  return warn(`${free}, less than the sound of an outage may take (${Math.ceil(wantedBytes / 1_000_000)} MB)`, mend);
}

async function probe(folder: string): Promise<void> {
  const file = join(folder, `.doctor-${process.pid}`);
  try {
    await using handle = await open(file, "wx", 0o600);
    await handle.write("can this be written?");
    await handle.sync();
  } finally {
    await rm(file, { force: true }).catch(() => {});
  }
}

/** The agent makes the folder itself, if it may. */
async function absent(folder: string): Promise<Finding> {
  try {
    await probe(dirname(folder));
    return ok(`${folder} is not there yet; the agent will make it`);
  } catch {
    return fail(
      `${folder} is not there, and this user cannot make it`,
      "Make it, and let the agent's user own it; or choose another state_dir. systemd makes it where the unit says StateDirectory=.",
    );
  }
}

/** What sound takes already. */
async function kept(folder: string): Promise<number> {
  const audio = join(folder, "audio");
  const names = await readdir(audio).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(audio, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function missing(error: unknown): "nothing" | "folder" {
  return errorName(error) === "ENOENT" ? "nothing" : "folder";
}
