import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { AudioLog, type AudioLogOptions, type Gap } from "../../../src/audio/log.ts";
import { Spool, type SpoolOptions } from "../../../src/audio/spool.ts";
import type { Fault } from "../../../src/base/fault.ts";
import { ManualClock } from "../../lab/manual-clock.ts";
import { OpenLog } from "../../lab/open-log.ts";

export const perMs = 8;

const opened: Spool[] = [];

/** A folder that is gone when the test is over, and whatever still uses it. */
export function tempFolder(t: { after: (work: () => Promise<void>) => void }): string {
  const folder = mkdtempSync(path.join(tmpdir(), "sis-agent-disk-"));
  t.after(async () => {
    for (const spool of opened.splice(0)) await spool.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return path.join(folder, "audio");
}

/** One run of a log of 8 kHz with a spool in `folder`: sample n of all runs has the value valueAt(n). */
export function run(
  folder: string,
  options: Partial<SpoolOptions> &
    Partial<Pick<AudioLogOptions, "keeping" | "capacityMs">> & {
      /** Sound waits for the test to decide; default: all of it is to be recognised. */
      readonly gated?: boolean;
      readonly stream?: string;
    } = {},
) {
  const clock = new ManualClock();
  const gaps: Gap[] = [];
  const troubles: (Fault | null)[] = [];
  const spool = new Spool({
    folder,
    keeps: true,
    sampleRate: perMs * 1000,
    maxBytes: 10_000_000,
    maxAgeMs: 3_600_000,
    clock,
    onTrouble: (fault) => troubles.push(fault),
    onLooked: () => log.review(),
    ...options,
  });
  opened.push(spool);
  const log = new (options.gated === true ? AudioLog : OpenLog)({
    sampleRate: perMs * 1000,
    capacityMs: options.capacityMs ?? 2_000,
    live: true,
    clock,
    onGap: (gap) => gaps.push(gap),
    store: spool,
    keeping: options.keeping ?? { afterMs: 0, pieceMs: 100 },
  });
  log.openStream(options.stream ?? "first");
  let next = log.resumedTo;
  const hear = () => {
    clock.advance(100);
    log.append(Int16Array.from({ length: 100 * perMs }, () => valueAt(next++)));
  };
  return {
    clock,
    spool,
    log,
    gaps,
    troubles,
    /** Captures sound, and lets the disk have it. */
    capture: async (ms: number): Promise<void> => {
      for (let done = 0; done < ms; done += 100) {
        hear();
        await spool.written;
      }
    },
    /** Captures sound, and the disk has no time for it. */
    captureAtOnce: (ms: number): void => {
      for (let done = 0; done < ms; done += 100) hear();
    },
    /** Reads all there is: what it was, and from where to where. */
    readAll: async (): Promise<readonly { readonly from: number; readonly to: number }[]> => {
      const read: { from: number; to: number }[] = [];
      const deadline = performance.now() + 30_000;
      while (log.unread > 0 && performance.now() < deadline) {
        const piece = log.read(100 * perMs, 1);
        if (piece === null) {
          await new Promise((resolve) => setImmediate(resolve));
          continue;
        }
        const { position, samples } = piece;
        for (const [index, sample] of samples.entries()) {
          if (sample !== valueAt(position + index)) throw new Error(`sample ${position + index} is ${sample}`);
        }
        const last = read.at(-1);
        if (last?.to === position) last.to += samples.length;
        else read.push({ from: position, to: position + samples.length });
      }
      return read;
    },
  };
}

function valueAt(position: number): number {
  return (position % 30_000) + 1;
}
