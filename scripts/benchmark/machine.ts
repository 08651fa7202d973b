import { availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";

/** What the figures were measured on. */
export function machineLine(): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  // Without what its builder has called it.
  const [kernel] = release().split("-");
  const load = loadavg()[0]?.toFixed(1) ?? "";
  return `${cpu?.model.trim() ?? "unknown CPU"}, ${availableParallelism()} CPUs, ${memory}, ${platform()} ${kernel}, Node ${process.versions.node}, load ${load} before`;
}
