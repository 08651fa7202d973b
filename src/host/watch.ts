import { statfs } from "node:fs/promises";
import { atMost, type Clock, pause } from "../base/clock.ts";
import { diskPatienceMs } from "../base/disk-fault.ts";
import { type BoardReading, isHot, readBoard } from "./board.ts";

export interface HostReading extends BoardReading {
  readonly hot: boolean;
  /** Free for this user on the disk of `folder`, bytes. */
  readonly diskFreeBytes: number | null;
}

export interface HostWatchOptions {
  /** The folder whose disk is looked at. */
  readonly folder: string;
  /** Where sysfs is mounted. Default: /sys. */
  readonly sys?: string | undefined;
  readonly clock: Clock;
  /** Told every reading, the first one soon. */
  readonly onReading: (reading: HostReading) => void;
}

const everyMs = 10_000;

/**
 * Reads the machine's sensors again and again. A disk that hangs holds up nothing: what it has free is not known then.
 * Disposing ends that; nothing is told after it.
 */
export function watchHost({ folder, sys, clock, onReading }: HostWatchOptions): Disposable {
  const stop = new AbortController();

  async function run(): Promise<void> {
    let hot = false;
    let asked: Promise<number | null> | null = null;
    while (!stop.signal.aborted) {
      // One question at a time: each that is not answered keeps a thread.
      asked ??= freeBytes(folder).finally(() => {
        asked = null;
      });
      const [board, diskFreeBytes] = await Promise.all([readBoard(sys), atMost(clock, diskPatienceMs, asked)]);
      hot = isHot(hot, board);
      if (!stop.signal.aborted) onReading({ ...board, hot, diskFreeBytes });
      await pause(clock, everyMs, stop.signal);
    }
  }

  void run();
  return { [Symbol.dispose]: () => stop.abort() };
}

function freeBytes(folder: string): Promise<number | null> {
  return statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  );
}
