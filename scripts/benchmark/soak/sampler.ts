/**
 * Loaded into the agent's process by `node --import`, for the soak alone: every SOAK_EVERY_MS it notes in SOAK_SAMPLES what
 * the process holds and has done, an object a line. Its one timer and its write are in the figures.
 */
import { appendFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { GCProfiler, getHeapStatistics } from "node:v8";
import type { Sample } from "./samples.ts";

const file = process.env["SOAK_SAMPLES"] ?? "";
const stateFolder = process.env["SOAK_STATE"] ?? "";
const log = process.env["SOAK_LOG"] ?? "";
const everyMs = Number(process.env["SOAK_EVERY_MS"]);

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

let profiler = new GCProfiler();
let usedAfter = getHeapStatistics().used_heap_size;
let last = performance.eventLoopUtilization();
let atMs = performance.now();
profiler.start();

/** What was put on the heap since the last look: how much it grew from each collection to the next. */
function collections() {
  const statistics = profiler.stop()?.statistics ?? [];
  let allocated = 0;
  for (const { beforeGC, afterGC } of statistics) {
    allocated += Math.max(0, beforeGC.heapStatistics.usedHeapSize - usedAfter);
    usedAfter = afterGC.heapStatistics.usedHeapSize;
  }
  const used = getHeapStatistics().used_heap_size;
  allocated += Math.max(0, used - usedAfter);
  profiler = new GCProfiler();
  profiler.start();
  usedAfter = getHeapStatistics().used_heap_size;
  return {
    allocated,
    collections: statistics.length,
    pausedMs: statistics.reduce((sum, { cost }) => sum + cost, 0) / 1000,
  };
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
    ...collections(),
  };
  atMs = nowMs;
  appendFileSync(file, `${JSON.stringify(sample)}\n`);
}, everyMs).unref();
