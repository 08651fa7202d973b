import { backgroundWriter, type DiskListener } from "../base/background-writer.ts";
import type { Clock } from "../base/clock.ts";
import { replaceFile } from "../base/replace-file.ts";

/** A small file that always holds the latest of something. */
export interface KeptFile {
  /** Replaces what is kept. Returns at once. */
  save(content: string): void;
  flush(): Promise<void>;
  close(): void;
}

export function keptFile(path: string, clock: Clock, onDisk: DiskListener): KeptFile {
  let latest = "";
  const writer = backgroundWriter({ path, write: () => replaceFile(path, latest), delayMs: 0, clock, onDisk });
  return {
    save(content) {
      latest = content;
      writer.request();
    },
    flush: () => writer.flush(),
    close: () => writer.close(),
  };
}
