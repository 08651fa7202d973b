import { chmod, mkdtemp, open, readdir, readlink, rename, rm, symlink, unlink } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { errorName } from "../base/disk-fault.ts";
import { Fault, printable } from "../base/fault.ts";
import { makeFolder, makeOneFolder } from "../base/make-folder.ts";
import { syncFolder } from "../base/sync-folder.ts";
import { lockFile } from "./file-lock.ts";

/** The program's name in each release's folder. */
const program = "sis-agent";

/**
 * The releases on a device, each in a folder of its own:
 *
 *     FOLDER/releases/1.4.2/sis-agent
 *     FOLDER/current  → releases/1.4.2      what the service runs
 *     FOLDER/previous → releases/1.4.1      what comes back if `current` does not start; there only while that is not known
 *
 * Links change in one step: whenever the power goes, each of them names a release that is whole. Who changes anything holds
 * the lock.
 */
export class Releases {
  readonly #folder: string;
  /** What holds them all. */
  readonly #all: string;

  /** @param folder made where it is not there, but not the one above it */
  constructor(folder: string) {
    this.#folder = folder;
    this.#all = join(folder, "releases");
  }

  /** The release that the service runs; null: none. @throws {Fault} `update-refused` where it is no link */
  current(): Promise<string | null> {
    return this.#versionBehind("current");
  }

  /** The release that comes back; null: nothing is on trial. @throws as `current` */
  previous(): Promise<string | null> {
    return this.#versionBehind("previous");
  }

  /** What the service must start: the current release's program, whichever it is. */
  get program(): string {
    return resolve(this.#folder, "current", program);
  }

  /** The program of a release. */
  programOf(version: string): string {
    return join(this.#all, version, program);
  }

  /**
   * Keeps all other updates away until it is disposed.
   * @param waiting called before it waits for another one to end; null: it does not wait
   * @throws {Fault} `update-refused` where another one is under way
   */
  async lock(waiting: (() => void) | null): Promise<AsyncDisposable> {
    await makeOneFolder(this.#folder, 0o755);
    const file = join(this.#folder, ".lock");
    await using _ = await open(file, "a", 0o600); // who may not update must not be able to lock either
    let lock = await lockFile(file, false);
    if (lock === null && waiting !== null) {
      waiting();
      lock = await lockFile(file, true);
    }
    if (lock === null)
      throw new Fault("update-refused", "another update is under way", { hint: "wait until it has ended" });
    return lock;
  }

  /**
   * Keeps a release whose program `fill` writes. What was there under its name is replaced; of the others only the current
   * one stays, also where it comes to nothing: there is to be room for it.
   * @param fill is given the program's path; where it rejects nothing is kept
   */
  async keep(version: string, fill: (file: string) => Promise<void>): Promise<void> {
    await makeFolder(this.#all, 0o755);
    // What the power cut off would fill the disk, a piece each time.
    await this.#removeAllBut([await this.current(), await this.previous()]);
    const fresh = await mkdtemp(join(this.#all, ".new-"));
    try {
      await chmod(fresh, 0o755); // the service's user looks at it, too
      await fill(join(fresh, program));
      await syncFolder(fresh);
      await rm(join(this.#all, version), { recursive: true, force: true });
      await rename(fresh, join(this.#all, version));
      await syncFolder(this.#all);
    } catch (error) {
      await rm(fresh, { recursive: true, force: true });
      throw error;
    }
  }

  /** Makes a release the current one; the one before it can come back. Where that fails, all is as it was. */
  async try(version: string): Promise<void> {
    const former = await this.current();
    try {
      if (former !== null) await this.#point("previous", former);
      await this.#point("current", version);
    } catch (error) {
      if (former === null || (await this.previous()) !== null) await this.comeBack();
      else await this.#removeAllBut([former]);
      throw error;
    }
  }

  /** The current release has proved itself: all others but the one before it are removed. */
  async settle(): Promise<void> {
    const kept = [await this.current(), await this.previous()];
    await this.#drop("previous");
    await this.#removeAllBut(kept);
  }

  /** The former release is the current one again, or none is where there was none; the one on trial is removed. */
  async comeBack(): Promise<void> {
    const former = await this.previous();
    if (former === null) await this.#drop("current");
    // A rename takes no space, where none may be left.
    else await rename(join(this.#folder, "previous"), join(this.#folder, "current"));
    await this.#removeAllBut([former]);
  }

  async #removeAllBut(kept: readonly (string | null)[]): Promise<void> {
    // The links first: otherwise a power cut could bring back one to what is gone. Who changed it may have been killed
    // right after.
    await syncFolder(this.#folder);
    for (const name of await readdir(this.#all))
      if (!kept.includes(name)) await rm(join(this.#all, name), { recursive: true, force: true });
  }

  async #versionBehind(link: string): Promise<string | null> {
    const path = join(this.#folder, link);
    return readlink(path).then(basename, (error: unknown) => {
      if (errorName(error) === "ENOENT") return null;
      // Whoever cannot read the link does not know that there is none.
      if (errorName(error) !== "EINVAL") throw error;
      const name = printable(path);
      const toKeep =
        link === "current" ? `, or make it a release: to releases/VERSION, and ln -s releases/VERSION ${name}` : "";
      const hint = `Move it out of the way${toKeep}.`;
      throw new Fault("update-refused", `${name} is a folder or a file, where a link to a release belongs`, { hint });
    });
  }

  async #point(link: string, version: string): Promise<void> {
    const fresh = join(this.#folder, `.${link}`);
    await rm(fresh, { force: true });
    await symlink(join("releases", version), fresh);
    await rename(fresh, join(this.#folder, link));
    await syncFolder(this.#folder);
  }

  async #drop(link: string): Promise<void> {
    await unlink(join(this.#folder, link)).catch(() => {});
  }
}
