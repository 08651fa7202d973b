import { join } from "node:path";
import { type Gate, hangoverMs, startGate } from "../audio/gate.ts";
import { AudioLog, balances, type Gap } from "../audio/log.ts";
import type { SourceEvent } from "../audio/source.ts";
import { Spool } from "../audio/spool.ts";
import { keepingOf } from "../audio/store.ts";
import { atMost, type Clock } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import { isoTime } from "../base/iso-time.ts";
import type { Logger } from "../base/logger.ts";
import type { Settings } from "../config/schema.ts";
import { limits, sampleRateOf } from "../sis/request.ts";
import { latchNames } from "./latch.ts";

export interface SoundOptions {
  readonly settings: Settings;
  /** Of this run: streams are named after it. */
  readonly boot: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onGap: (gap: Gap) => void;
  /** Sound cannot be kept on disk, and why; null: it can be again. */
  readonly onDisk: (fault: Fault | null) => void;
}

/** Sound on its way from its source to whoever reads the log: the log itself, its disk, and the gate before it. */
export interface Sound {
  readonly log: AudioLog;
  readonly gate: Gate;
  /** Takes what the source reports. */
  take(event: SourceEvent): void;
  /** The service will hear with other settings. */
  heardWith(sis: Settings["sis"]): void;
  /** Calls `action` when it is on disk how far the service has answered: at once, where nothing is. See decision 13. */
  whenNoted(action: () => void): void;
  /** Says in the log if a captured millisecond is nowhere. */
  checkAccounts(): void;
  /** The end has begun: what the service is not done with goes to the disk from now on, where it may. Returns at once. */
  beginEnd(): void;
  /** No more sound comes. */
  end(): void;
  /** Nobody reads any more: the rest goes to the disk, in a few seconds at the most; what does not is lost and told. */
  close(): Promise<void>;
}

/** The disk gets so long to take what the service is not done with, from when the end began … */
const keepingMs = 2_500;
/** … and at least so long from when nobody reads any more: a slow card needs seconds for two minutes of sound. */
const leastKeepingMs = 500;

/** How long the gate stays open after speech. */
const hangoverOf = ({ vad_tail, chunk_ms }: Settings["sis"]) =>
  hangoverMs(vad_tail ?? limits.vadTailMs.default, chunk_ms);

export function openSound(options: SoundOptions): Sound {
  const { settings, boot, clock, logger } = options;
  const sampleRate = sampleRateOf(settings.sis.audio_format);
  const { memory_seconds, disk, disk_megabytes, disk_hours, flush_ms } = settings.buffer;
  let streams = 0;
  let muting: Disposable | null = null;
  let keepUntilMs = 0;

  const spool = new Spool({
    folder: join(settings.state_dir, "audio"),
    keeps: disk !== "off",
    sampleRate,
    maxBytes: disk_megabytes * 1_000_000,
    maxAgeMs: disk_hours * 3_600_000,
    clock,
    onTrouble: (fault) => {
      if (fault === null) logger.info("sound can be kept on disk again");
      else logger.error(fault.message, { code: fault.code, hint: fault.hint });
      options.onDisk(fault);
    },
    onLooked: () => log.review(),
  });
  const log = new AudioLog({
    sampleRate,
    capacityMs: memory_seconds * 1000,
    live: settings.audio.source !== "file" || settings.audio.speed === 1,
    clock,
    onGap: options.onGap,
    store: spool,
    keeping: keepingOf(disk, memory_seconds * 1000, flush_ms),
  });
  const gate = startGate({
    kind: settings.audio.gate,
    sampleRate,
    start: log.resumedTo,
    hangoverMs: hangoverOf(settings.sis),
    logger,
    decide: ({ upTo, verdict }) => log.decide(upTo, verdict),
  });
  if (spool.resumed !== null) {
    logger.info("an earlier run left sound that is not recognised yet: going on with it", {
      resumedMs: log.ledger().resumedMs,
      from: isoTime(log.wallMs(log.settled)),
    });
  }

  async function offerTheRest(): Promise<void> {
    while (disk !== "off" && spool.usable && !log.spill()) await spool.written;
  }

  async function keepTheRest(): Promise<void> {
    await offerTheRest();
    await spool.close();
  }

  function checkAccounts(): void {
    const ledger = log.ledger();
    if (!balances(ledger)) logger.error("the accounts of the sound do not balance: please report this", { ...ledger });
  }

  return {
    log,
    gate,
    checkAccounts,
    whenNoted: (action) => spool.whenNoted(action),
    heardWith: (sis) => gate.lingerFor(hangoverOf(sis)),
    take(event) {
      switch (event.type) {
        case "opened":
          gate.resume(log.silentForMs());
          log.openStream(`${boot.slice(0, 8)}.${++streams}`);
          logger.info("sound flows", { source: event.description });
          break;
        case "audio":
          log.append(event.samples);
          gate.heard(event.samples);
          break;
        case "overrun":
          log.overrun(event.lostMs);
          break;
        case "interrupted": {
          const { fault, retryInMs } = event;
          log.breakOff();
          gate.end();
          logger.warn(fault.message, { code: fault.code, retryInMs, hint: fault.hint });
          break;
        }
        case "muted":
          muting?.[Symbol.dispose]();
          muting = event.muted ? gate.mute() : null;
          log.rest();
          logger.info(event.muted ? `${latchNames[event.by]}: nothing is captured` : "sound is captured again");
          break;
        case "ended":
          gate.end();
          break;
      }
    },
    beginEnd() {
      keepUntilMs = clock.monotonicMs() + keepingMs;
      void offerTheRest();
    },
    end: () => gate.end(),
    async close() {
      await atMost(clock, Math.max(leastKeepingMs, keepUntilMs - clock.monotonicMs()), keepTheRest());
      spool.giveUp();
      log.close();
      checkAccounts();
    },
  };
}
