import type { Monitor, Seen } from "./mqtt-monitor.ts";

/** The test device's topics. */
export const root = "sis/v1/default/test-device";

/** Tells a device to do something, in its own words. */
export function command(monitor: Monitor, name: string, id: string, args: object = {}, lifeMs = 60_000, device = root) {
  const now = Date.now();
  const payload = {
    v: 1,
    ts: new Date(now).toISOString(),
    args,
    not_after: new Date(now + lifeMs).toISOString(),
  };
  return (options: { readonly retain?: boolean } = {}) =>
    monitor.publish(`${device}/dn/command/${name}/${id}`, payload, options);
}

/** What became of a command. */
export const outcome = (name: string, id: string, status: string) => (message: Seen) =>
  message.topic.endsWith(`/up/command/${name}/${id}`) && message.payload["status"] === status;

/** The device's state, told. */
export const state = (phase: string) => (message: Seen) =>
  message.topic === `${root}/up/state` && message.payload["phase"] === phase;
