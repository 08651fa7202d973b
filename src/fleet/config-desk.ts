import { isDeepStrictEqual } from "node:util";
import type * as z from "zod";
import type { DiskListener } from "../base/background-writer.ts";
import { atMost, type Clock } from "../base/clock.ts";
import { diskPatienceMs } from "../base/disk-fault.ts";
import { printable, toFault } from "../base/fault.ts";
import { isoTime } from "../base/iso-time.ts";
import { isObject } from "../base/json.ts";
import type { Logger } from "../base/logger.ts";
import type { Report } from "../recognition/report.ts";
import type { ErrorReport } from "../sis/error-report.ts";
import { keptFile } from "./kept-file.ts";
import { type RemoteConfig, remoteConfigText } from "./remote-config-file.ts";
import { desiredConfigPayload, type RemoteSettings } from "./schema-down.ts";

/** What is wrong with settings that the fleet wants. `key`: the setting's path; null: not about one. */
export interface SettingProblem {
  readonly key: string | null;
  readonly message: string;
}

/** Who runs on the settings. */
export interface ConfigHost {
  /** Everything that is wrong with these settings over the device's own; empty: they can be used. */
  check(settings: Readonly<Record<string, unknown>>): readonly SettingProblem[];
  /**
   * Brings the agent to run on the device's own settings with these over them. Resolves when it does.
   * @returns whether recognition has to prove itself on them
   */
  apply(settings: RemoteSettings): Promise<{ readonly onTrial: boolean }>;
}

export interface ConfigDeskOptions {
  readonly host: ConfigHost;
  /** What the agent runs on already. */
  readonly initial: RemoteConfig;
  readonly file: string | null;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onDisk: DiskListener;
  /** Hears of every change. */
  readonly changed: (config: RemoteConfig) => void;
}

/** Takes the settings that the fleet wants: checks them whole, tries them, keeps them or goes back. */
export interface ConfigDesk {
  /** @param payload null: it was too large to be taken */
  receive(payload: Uint8Array | null): void;
  /** What recognition reports decides whether settings on trial are good. */
  report(report: Report): void;
  now(): RemoteConfig;
  close(): Promise<void>;
}

/** A session that has run for this long without an objection has taken the settings. */
const provenMs = 5_000;
/** Stands for what was too large to be taken: it is no JSON, so that nothing else that can be used is the same. */
const tooLarge = "(too large)";
/** By then there is a session, or the settings are taken back. */
const trialMs = 60_000;

/** Errors that speak of the request itself: waiting mends none of them. */
const objections: ReadonlySet<ErrorReport["class"]> = new Set(["config", "account", "audio", "sequence"]);

type State =
  | { readonly phase: "settled" }
  /** Being applied, where there is something to go back to, or taken back. */
  | { readonly phase: "busy"; readonly before: RemoteConfig | null }
  /** No session has run on them yet. `trouble`: why not, if anything. */
  | (Trial & { readonly phase: "trial"; readonly trouble: string | null })
  /** A session runs on them. */
  | (Trial & { readonly phase: "proving" })
  | { readonly phase: "closed" };

interface Trial {
  /** What to go back to. */
  readonly before: RemoteConfig;
  /** Monotonic. */
  readonly deadlineMs: number;
  readonly timer: Disposable;
}

export function openConfigDesk(options: ConfigDeskOptions): ConfigDesk {
  const { host, clock, logger } = options;
  const file = options.file === null ? null : keptFile(options.file, clock, options.onDisk);
  let config = options.initial;
  let state: State = { phase: "settled" };
  /** Came while another was being tried; the latest counts. */
  let next: string | null = null;

  function change(to: RemoteConfig): void {
    config = to;
    file?.save(remoteConfigText(config));
    options.changed(config);
  }

  function want(text: string): void {
    if (state.phase === "closed") return;
    if (state.phase !== "settled") {
      next = text;
      return;
    }
    // A broker gives it again at each connection: what was judged once stays judged.
    if (text === config.desired?.text) return;
    const read = readDesired(text, check);
    if ("problems" in read) {
      const desired = { ts: config.desired?.ts ?? isoTime(clock.wallMs()), text };
      return refuse({ desired, errors: read.problems.slice(0, 50) });
    }
    const desired = { ts: read.ts ?? isoTime(clock.wallMs()), text };
    const errors = check(read.settings);
    if (errors.length > 0) return refuse({ desired, errors: errors.slice(0, 50) });
    if (isDeepStrictEqual(read.settings, config.settings))
      return settle({ ...config, desired, ...good(config.settings) });
    void attempt(read.settings, desired);
  }

  function check(settings: Readonly<Record<string, unknown>>): readonly SettingProblem[] {
    return host.check(settings).map(({ key, message }) => ({ key, message: printable(message, 299) }));
  }

  function refuse(why: Pick<RemoteConfig, "desired" | "errors">): void {
    logger.warn("the fleet's settings are refused", { errors: describe(why.errors) });
    settle({ ...config, ...why, status: "refused" });
  }

  function settle(to: RemoteConfig): void {
    state = { phase: "settled" };
    change(to);
    const waiting = next;
    next = null;
    if (waiting !== null) want(waiting);
  }

  async function attempt(settings: RemoteSettings, desired: RemoteConfig["desired"]): Promise<void> {
    const before = config;
    state = { phase: "busy", before };
    // What is kept is what was good: a crash of the trial is a way back.
    change({ ...config, desired, status: "trying", errors: [] });
    logger.info("trying the fleet's settings", { settings: Object.keys(settings).join(", ") });
    try {
      if (file !== null) await atMost(clock, diskPatienceMs, file.flush());
      if (closed()) return;
      const { onTrial } = await host.apply(settings);
      if (closed()) return;
      config = { ...config, settings };
      if (!onTrial) return settle({ ...config, ...good(settings) });
      const deadlineMs = clock.monotonicMs() + trialMs;
      state = { phase: "trial", before, deadlineMs, trouble: null, timer: clock.after(trialMs, deadline) };
    } catch (error) {
      if (!closed()) await goBack(before, toFault(error).message);
    }
  }

  async function goBack({ settings }: RemoteConfig, why: string): Promise<void> {
    endTimer();
    state = { phase: "busy", before: null };
    logger.warn("the fleet's settings are taken back", { reason: why });
    await host.apply(settings).catch((error: unknown) => {
      logger.error("the settings before could not be taken up again", { error: toFault(error).message });
    });
    if (closed()) return;
    settle({
      ...config,
      settings,
      status: "rolled-back",
      errors: [{ key: null, message: printable(why, 299) }],
    });
  }

  function keep(): void {
    endTimer();
    logger.info("the fleet's settings are good");
    settle({ ...config, ...good(config.settings) });
  }

  function deadline(): void {
    if (state.phase !== "trial") return;
    // Nobody spoke, so that nothing was tried, and nothing failed: no reason to go back.
    if (state.trouble === null) keep();
    else void goBack(state.before, `no session within ${trialMs / 1000} s: ${state.trouble}`);
  }

  function report(what: Report): void {
    if (state.phase !== "trial" && state.phase !== "proving") return;
    const { before, deadlineMs } = state;
    if (what.type === "error") {
      const trouble = `${what.error.code}: ${what.error.message}`;
      if (objections.has(what.error.class)) {
        void goBack(before, trouble);
        return;
      }
      endTimer();
      const timer = clock.after(deadlineMs - clock.monotonicMs(), deadline);
      state = { phase: "trial", before, deadlineMs, trouble, timer };
    } else if (what.type === "session" && what.change === "started" && state.phase === "trial") {
      endTimer();
      state = { phase: "proving", before, deadlineMs, timer: clock.after(provenMs, keep) };
    }
  }

  function endTimer(): void {
    if (state.phase === "trial" || state.phase === "proving") state.timer[Symbol.dispose]();
  }

  function closed(): boolean {
    return state.phase === "closed";
  }

  return {
    receive: (payload) => want(payload === null ? tooLarge : new TextDecoder().decode(payload)),
    report,
    now: () => config,
    async close() {
      endTimer();
      // An ordinary stop is no verdict: the broker gives them again at the next start, and they are tried afresh.
      if ("before" in state && state.before !== null) file?.save(remoteConfigText(state.before));
      state = { phase: "closed" };
      await file?.flush();
      file?.close();
    },
  };
}

function good(settings: RemoteSettings): Pick<RemoteConfig, "status" | "errors"> {
  return { status: Object.keys(settings).length === 0 ? "own" : "applied", errors: [] };
}

function readDesired(
  text: string,
  check: ConfigHost["check"],
):
  | { readonly ts: string | null; readonly settings: RemoteSettings }
  | { readonly problems: readonly SettingProblem[] } {
  // An empty retained message is how a broker is told to forget one.
  if (text === "") return { ts: null, settings: {} };
  if (text === tooLarge)
    return { problems: [{ key: null, message: "it is larger than the 64 KiB that a device takes" }] };
  let json: unknown;
  let namesPrototype = false;
  try {
    json = JSON.parse(text, (key, value: unknown) => {
      namesPrototype ||= key === "__proto__";
      return value;
    });
  } catch {
    return { problems: [{ key: null, message: "it is not JSON" }] };
  }
  // The schema passes it over, as if it were not there.
  if (namesPrototype) return { problems: [{ key: null, message: "__proto__ is not a setting" }] };
  const { data, error } = desiredConfigPayload.safeParse(json);
  if (data !== undefined) return data;
  // Who knows the settings has better words for most of it.
  const known = isObject(json) && isObject(json["settings"]) ? check(json["settings"]) : [];
  const others = error.issues.map(problemOf).filter(({ key }) => !known.some((each) => each.key === key));
  return { problems: [...known, ...others] };
}

function problemOf({ code, path, message }: z.core.$ZodIssue): SettingProblem {
  const [part, key] = path.map(String);
  if (part === undefined) return { key: null, message: "it is not an object with v, ts and settings" };
  if (key === undefined) return { key: null, message: printable(`${part}: ${message}`) };
  const wrong =
    code === "invalid_key"
      ? "is not a setting; allowed: names of at most 128 characters"
      : "found something else; allowed: a text of at most 1000 characters, a number, true or false";
  return { key: key === "" ? '""' : printable(key, 127), message: wrong };
}

function describe(errors: readonly SettingProblem[]): string {
  return errors
    .slice(0, 5)
    .map(({ key, message }) => (key === null ? message : `${key}: ${message}`))
    .join("; ");
}
