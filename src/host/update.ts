import { Fault } from "../base/fault.ts";
import { beside, fetchProgram, fetchText, type Location } from "./fetch-file.ts";
import type { Releases } from "./releases.ts";
import type { ServiceControl } from "./systemctl.ts";
import { compareVersions, verifiedManifest } from "./update-manifest.ts";

export interface UpdateOptions {
  /** Where the manifest is; the executable lies beside it. */
  readonly manifest: Location;
  /** PEM; releases must be signed with its private half. */
  readonly publicKey: string;
  /** The version of the program that updates: what is installed as long as there is no release. */
  readonly running: string;
  /** This machine's processor, in Node's words. */
  readonly arch: string;
  /** Also a release that is older than the current one, or than `running` where there is none. */
  readonly allowOlder: boolean;
  readonly releases: Releases;
  readonly service: ServiceControl;
  /** Makes sure that a program starts at all and takes this device's configuration. Rejects where it does not. */
  readonly check: (program: string, version: string) => Promise<void>;
  /** Told what is being done. */
  readonly say: (text: string) => void;
}

const mostManifestBytes = 64 * 1024;
const whyHint = "journalctl -u sis-agent tells why";

/**
 * Fetches a release, puts it in the current one's place, and restarts the service on it. The release that ran before comes
 * back unless the new one reports that it is ready, and stays up.
 * @throws {Fault} `update-refused`: nothing was changed; `update-failed`: nothing was changed, or it was undone
 */
export async function update(options: UpdateOptions): Promise<void> {
  const { releases, service, arch, say } = options;
  const text = await fetchText(options.manifest, mostManifestBytes);
  const { file, ...release } = verifiedManifest(text, options.publicKey);
  const { version } = release;
  if (release.arch !== arch)
    throw new Fault("update-refused", `the release is for ${release.arch}; this machine is ${arch}`);
  if (!(await service.starts(releases.program))) {
    throw new Fault("update-refused", `the service does not start ${releases.program}: it would run on as it is`, {
      hint: "docs/install.md has the drop-in for it; systemctl daemon-reload makes it count",
    });
  }
  await using _ = await releases.lock(null);
  if ((await releases.previous()) !== null) {
    throw new Fault("update-refused", "the last update is still on trial", {
      hint: "end it: sis-agent update --settle",
    });
  }
  const current = await releases.current();
  if (current === version) {
    if (await service.staysUp()) return say(`${version} is the current release already`);
    const message = `${version} is the current release already, and does not run`;
    throw new Fault("update-failed", message, { hint: whyHint });
  }
  if (compareVersions(version, current ?? options.running) < 0 && !options.allowOlder) {
    const newer = current === null ? `this program, ${options.running}` : `the current release, ${current}`;
    throw new Fault("update-refused", `${version} is older than ${newer}`, {
      hint: "to go back to it all the same: --allow-older",
    });
  }
  say(`fetching ${version}`);
  await releases.keep(version, async (program) => {
    await fetchProgram(beside(options.manifest, file), program, release);
    await options.check(program, version);
  });
  say(`starting ${version}`);
  await releases.try(version);
  const started = await service.restart().catch(async (error: unknown) => {
    await releases.comeBack(); // nobody was asked to start it: there is nothing to prove
    throw error;
  });
  await prove(options, started);
}

/** Ends a trial that was interrupted, by a power cut for one: the release that is on trial stays if its service is up. */
export async function settle(options: Pick<UpdateOptions, "releases" | "service" | "say">): Promise<void> {
  const { releases, say } = options;
  await using _ = await releases.lock(() => say("waiting for the update that is under way"));
  if ((await releases.previous()) === null) return say("nothing is on trial");
  await prove(options, true);
}

async function prove(
  { releases, service, say }: Pick<UpdateOptions, "releases" | "service" | "say">,
  started: boolean,
): Promise<void> {
  const version = await releases.current();
  if (started && (await service.staysUp())) {
    await releases.settle();
    return say(`${version} runs`);
  }
  const former = await releases.previous();
  let outcome = "it is removed, and there is no release before it that could come back";
  try {
    await releases.comeBack();
  } finally {
    // Whatever the disk made of the rest: the former one is to run.
    if (former !== null)
      outcome =
        (await service.restart()) && (await service.staysUp())
          ? `${former} runs again`
          : `${former} is back in its place, and does not start either`;
  }
  throw new Fault("update-failed", `${version} does not start: ${outcome}`, { hint: whyHint });
}
