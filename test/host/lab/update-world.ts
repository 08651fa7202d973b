import assert from "node:assert/strict";
import { lstatSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "../../../src/base/fault.ts";
import { seededRandom } from "../../../src/base/random.ts";
import { TornDisk } from "../../lab/torn-disk.ts";
import { useTornDisk } from "../../lab/torn-fs.ts";
import { PlayedService, versionBehind } from "./played-service.ts";
import { type Attempt, Shelf } from "./release-shelf.ts";

// A device that is updated from afar, with a disk that is torn by power cuts and gets full, and what must be so of it.

useTornDisk(/\/src\/(host\/(releases|fetch-file)|base\/(make|sync)-folder)\.ts$/);
const { Releases } = await import("../../../src/host/releases.ts");
const { settle, update } = await import("../../../src/host/update.ts");
const { compareVersions } = await import("../../../src/host/update-manifest.ts");

/** What befalls it at one of its operations. A kill leaves what is on the disk as it is. */
export interface Mishap {
  readonly at: number;
  /** After a cut: how much of what was not synced is there all the same, 0 to 1. */
  readonly keeps: number;
  readonly what: "cut" | "kill" | "full" | "no-names" | Attempt | "settle";
}

export type Step =
  | ({ readonly do: "update"; readonly mishap: Mishap | null } & Attempt)
  | { readonly do: "settle"; readonly mishap: Mishap | null }
  | { readonly do: "reboot"; readonly keeps: number };

/** What a person is told by a command. */
interface Told {
  readonly code: number;
  /** It did not change anything, and says so. */
  readonly refused: boolean;
  readonly text: string;
}

export class World implements Disposable {
  readonly #shelf = new Shelf();
  readonly #disk: TornDisk;
  readonly #place: string;
  readonly releases: InstanceType<typeof Releases>;
  readonly said: string[] = [];
  readonly #service: PlayedService;
  #cuts = 0;
  #waits = () => {};

  constructor() {
    this.#disk = new TornDisk(mkdtempSync(join(tmpdir(), "device-")), () => this.#look());
    this.#place = join(this.#disk.root, "opt");
    this.releases = new Releases(this.#place);
    this.#service = new PlayedService(this.#place, this.#disk);
  }

  get current(): string | null {
    return versionBehind(this.#place, "current");
  }

  get previous(): string | null {
    return versionBehind(this.#place, "previous");
  }

  #links() {
    return { current: this.current, previous: this.previous };
  }

  /** At every moment: what the service would start is there, whole, and was vouched for; so is what would come back. */
  #look(): void {
    for (const link of ["current", "previous"] as const) {
      const version = this[link];
      if (version === null) continue;
      const file = join(this.#place, link, "sis-agent");
      assert.ok(this.#shelf.vouches(version, readFileSync(file, "utf8")), `${link} (${version}) is whole`);
      assert.equal(lstatSync(file).mode & 0o777, 0o755, `${link} can be run`);
    }
    if (this.#service.proven.size > 0) assert.ok(this.current !== null, "there is a program to start");
  }

  #update(attempt: Attempt): Promise<void> {
    return update({
      manifest: { file: this.#shelf.publish(attempt) },
      publicKey: this.#shelf.publicKey,
      running: "1.0.0",
      arch: "x64",
      allowOlder: attempt.allowOlder,
      releases: this.releases,
      service: this.#service,
      check: async (program) => {
        await this.#disk.pass();
        if (readFileSync(program, "utf8").startsWith("unfit")) throw new Fault("update-refused", "unfit");
      },
      say: (text) => this.#say(text),
    });
  }

  #say(text: string): void {
    this.said.push(text);
    if (text.startsWith("waiting for")) this.#waits();
  }

  #settle(): Promise<void> {
    return settle({ releases: this.releases, service: this.#service, say: (text) => this.#say(text) });
  }

  /** What a person is told; null: the power was cut, or the process killed, before that. */
  async #told(command: () => Promise<void>): Promise<Told | null> {
    const from = this.said.length;
    try {
      await command();
      return { code: 0, refused: false, text: this.said.slice(from).join("\n") };
    } catch (error) {
      if (this.#disk.gone) return null;
      // The command line has words for what the file system throws.
      if (error instanceof Error && "syscall" in error) return { code: 1, refused: false, text: error.message };
      if (!(error instanceof Fault)) throw error;
      assert.match(error.code, /^update-(refused|failed)$/);
      return { code: 1, refused: error.code === "update-refused", text: error.message };
    }
  }

  async run(step: Step): Promise<void> {
    // Restart=always
    if (this.#service.running?.up !== true) this.#service.start();
    if (step.do === "reboot") return this.#boot(step.keeps);
    let before = this.#links();
    const mishap = step.mishap;
    let between: string | null = null;
    let later: Promise<unknown> = Promise.resolve();
    if (mishap === null) this.#disk.set(null);
    else if (mishap.what !== "settle" && typeof mishap.what === "string")
      this.#disk.set({ at: mishap.at, what: mishap.what });
    else {
      const other = mishap.what;
      const meanwhile = async () => {
        const told = this.#told(() => (other === "settle" ? this.#settle() : this.#update(other)));
        const waits = new Promise<null>((resolve) => {
          this.#waits = () => resolve(null);
        });
        const first = await Promise.race([told, waits]);
        later = told;
        if (first === null || first.refused) return; // it says nothing of what the first one makes of it
        if (other === "settle") before = this.#links();
        else if (first.code === 0) between = this.current;
        this.#true(first, null);
      };
      this.#disk.set({ at: mishap.at, what: { meanwhile } });
    }
    const command = () => (step.do === "settle" ? this.#settle() : this.#update(step));
    const told = await this.#told(command);
    await later;
    if (told === null) {
      if (mishap?.what === "cut") await this.#boot(mishap.keeps);
      this.#disk.set(null);
      return;
    }
    this.#disk.set(null);
    this.#true(told, before.previous);
    if (step.do === "settle") return;
    if (told.code === 0) {
      assert.equal(this.current, step.version, told.text);
      const floor = between ?? before.current;
      const isOlder = compareVersions(step.version, floor ?? "1.0.0") < 0;
      assert.ok(step.allowOlder || !isOlder, `${step.version} is older than ${floor}, and nobody asked for it`);
    } else if (between === null) {
      assert.equal(this.current, before.current, `what ran before runs again: ${told.text}`);
      assert.equal(this.previous, before.previous, `nothing is on trial: ${told.text}`);
    }
    if (mishap === null && before.previous === null) this.#expected(step, before.current, told.code);
    if (told.code === 0 && !told.text.includes("already")) this.#tidy();
  }

  #expected({ kind, version, allowOlder }: Attempt, current: string | null, code: number): void {
    if (version === current && !["unsigned", "forged", "garbage", "elsewhere"].includes(kind)) return;
    const older = compareVersions(version, current ?? "1.0.0") < 0 && !allowOlder;
    assert.equal(code, kind === "good" && !older ? 0 : 1, `${kind} ${version} over ${current}`);
  }

  /** A command's words are true when they are said. */
  #true({ code, text }: Told, onTrial: string | null): void {
    const runs = /(\S+) (?:runs again|runs)$/.exec(text)?.[1];
    const already = /^(\S+) is the current release already/.exec(text)?.[1];
    const named = runs ?? (code === 0 ? already : undefined);
    if (named !== undefined) {
      assert.deepEqual([this.#service.running?.version, this.current], [named, named], text);
      if (!text.includes("does not start either")) assert.ok(this.#service.running?.up, text);
    }
    if (/it is removed|does not start: /.test(text) || runs !== undefined)
      assert.equal(this.previous, null, `nothing is on trial: ${text}`);
    if (text.includes("it is removed")) assert.equal(this.current, null);
    if (text.endsWith("nothing is on trial")) assert.equal(onTrial, null);
    this.#up(text);
  }

  /** Where a release has ever proved itself, one that did runs, unless a trial waits for its end. */
  #up(why: string): void {
    if (this.#service.proven.size === 0 || this.previous !== null) return;
    assert.ok(
      this.#service.running?.up && this.#service.proven.has(this.#service.running.version),
      `something good runs: ${why}`,
    );
    assert.equal(this.#service.running.version, this.current, why);
  }

  #tidy(): void {
    const kept = readdirSync(join(this.#place, "releases"));
    assert.ok(kept.length <= 2 && kept.includes(this.current ?? ""), `${kept.join(", ")} are kept`);
    const visible = readdirSync(this.#place).filter((name) => name !== ".lock");
    assert.deepEqual(visible.toSorted(), ["current", "releases"]);
  }

  /** The power comes back: the service starts, and what was on trial is judged. */
  async #boot(keeps: number): Promise<void> {
    this.#cuts += 1;
    this.#disk.comeBack(keeps, seededRandom(`cut ${this.#cuts}, ${this.said.length} said`));
    this.#look();
    this.#service.start();
    // ConditionPathIsSymbolicLink= of sis-agent-settle.service, and its program.
    if (this.previous !== null) {
      const told = await this.#told(() => this.#settle());
      assert.ok(told !== null);
      this.#true(told, null);
      assert.equal(this.previous, null, "the trial has ended");
    }
    this.#up("after a boot");
  }

  /** In the end a good release can be put in place, and nothing is left of all the others. */
  async heal(): Promise<void> {
    this.#disk.set(null);
    await this.#boot(0.5);
    for (const version of ["90.0.0", "91.0.0"]) {
      await this.run({ do: "update", version, kind: "good", allowOlder: false, mishap: null });
      assert.equal(this.current, version);
      this.#tidy();
    }
  }

  [Symbol.dispose](): void {
    this.#disk[Symbol.dispose]();
    this.#shelf[Symbol.dispose]();
  }
}
