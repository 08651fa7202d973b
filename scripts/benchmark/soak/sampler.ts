/**
 * Loaded into the agent's process by `node --import`, for the soak alone: every SOAK_EVERY_MS it notes in SOAK_SAMPLES what
 * the process holds and has done, an object a line. Its one timer and its write are in the figures.
 */
import { appendFileSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { GCProfiler, getHeapStatistics } from "node:v8";
import type { Profile, Sample } from "./samples.ts";

const file = process.env["SOAK_SAMPLES"] ?? "";
const stateFolder = process.env["SOAK_STATE"] ?? "";
const log = process.env["SOAK_LOG"] ?? "";
const everyMs = Number(process.env["SOAK_EVERY_MS"]);
/** How long collections are looked at, and when from on; 0: not at all. */
const profileMs = Number(process.env["SOAK_PROFILE_MS"]);

/** Bytes of the files in a folder and those below; what goes away meanwhile does not count. */
function bytesIn(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0)
      .reduce((sum, each) => sum + each, 0);
  } catch {
    return 0;
  }
}

let last = performance.eventLoopUtilization();
let atMs = performance.now();

/**
 * What is put on the heap in a part of the run: how much it grows from each collection to the next. Once only, and only in the
 * process that is there for it: a profiler keeps its text, and those before it, for good.
 */
let profile: Profile | null = null;
if (profileMs > 0) setTimeout(startProfile, profileMs).unref();

function startProfile(): void {
  const profiler = new GCProfiler();
  const beganMs = performance.now();
  const began = getHeapStatistics().used_heap_size;
  profiler.start();
  setTimeout(() => {
    let [allocated, pausedMs, used] = [0, 0, began];
    const now = getHeapStatistics().used_heap_size;
    const statistics = profiler.stop()?.statistics ?? [];
    for (const { beforeGC, afterGC, cost } of statistics) {
      allocated += Math.max(0, beforeGC.heapStatistics.usedHeapSize - used);
      used = afterGC.heapStatistics.usedHeapSize;
      pausedMs += cost / 1000;
    }
    allocated += Math.max(0, now - used);
    profile = { ms: performance.now() - beganMs, allocated, collections: statistics.length, pausedMs };
  }, profileMs).unref();
}

setInterval(() => {
  const memory = process.memoryUsage();
  const nowMs = performance.now();
  const now = performance.eventLoopUtilization();
  const { utilization } = performance.eventLoopUtilization(now, last);
  last = now;
  const { loopCount, events } = performance.nodeTiming.uvMetricsInfo;
  const sample: Sample = {
    upMs: nowMs,
    lastMs: nowMs - atMs,
    rss: memory.rss,
    own: Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]) * 1024,
    heapHeld: memory.heapTotal,
    heapUsed: memory.heapUsed,
    external: memory.external,
    // The folder is open while it is read.
    descriptors: readdirSync("/proc/self/fd").length - 1,
    handles: process.getActiveResourcesInfo().length,
    stateBytes: bytesIn(stateFolder),
    logBytes: statSync(log, { throwIfNoEntry: false })?.size ?? 0,
    loops: loopCount,
    events,
    busy: utilization,
    profile,
  };
  atMs = nowMs;
  appendFileSync(file, `${JSON.stringify(sample)}\n`);
}, everyMs).unref();
