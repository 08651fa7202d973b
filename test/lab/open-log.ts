import { AudioLog } from "../../src/audio/log.ts";
import { keepNothing, type Store } from "../../src/audio/store.ts";

const noStore: Store = {
  resumed: null,
  failing: false,
  keep: () => false,
  keptTo: (position) => position,
  keptAfter: () => Number.POSITIVE_INFINITY,
  fetch: () => "absent",
  progress() {},
  takeDropped: () => [],
};

/** For a log for which memory is all there is. */
export const inMemory = { store: noStore, keeping: keepNothing } as const;

/** All that is captured is to be recognised, at once. */
export class OpenLog extends AudioLog {
  override append(samples: Int16Array): void {
    super.append(samples);
    this.decide(Number.POSITIVE_INFINITY, "send");
  }
}
