import { readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import type { ServiceControl } from "../../../src/host/systemctl.ts";
import type { TornDisk } from "../../lab/torn-disk.ts";

/** @returns null: there is no such link */
export function versionBehind(place: string, link: "current" | "previous"): string | null {
  try {
    return basename(readlinkSync(join(place, link)));
  } catch {
    return null;
  }
}

/** systemd with one service: its program is good, or `broken` (never ready), or `brittle` (ready, and falls over). */
export class PlayedService implements ServiceControl {
  readonly #place: string;
  readonly #disk: TornDisk;
  /** Releases that have stayed up. */
  readonly proven = new Set<string>();
  running: { readonly version: string; readonly up: boolean } | null = null;

  constructor(place: string, disk: TornDisk) {
    this.#place = place;
    this.#disk = disk;
  }

  /** Starts what is there. @returns whether it gets ready */
  start(): boolean {
    const version = versionBehind(this.#place, "current");
    if (version === null) {
      this.running = null;
      return false;
    }
    const program = readFileSync(join(this.#place, "current/sis-agent"), "utf8");
    this.running = { version, up: program.startsWith("good") };
    return !program.startsWith("broken");
  }

  async starts(): Promise<boolean> {
    return true;
  }

  async restart(): Promise<boolean> {
    await this.#disk.pass();
    const ready = this.start();
    await this.#disk.pass();
    return ready;
  }

  async staysUp(): Promise<boolean> {
    await this.#disk.pass();
    if (this.running?.up !== true) return false;
    if (this.running.version === versionBehind(this.#place, "current")) this.proven.add(this.running.version);
    return true;
  }
}
