import { randomBytes } from "node:crypto";
import { tryBroker } from "../../fleet/broker-trial.ts";
import type { Check } from "./examine.ts";
import { ok, skip } from "./finding.ts";

export const brokerCheck: Check = {
  name: "broker",
  deadlineMs: 10_000,
  mendIfLate: "Check mqtt.url, and the network and firewalls between here and the broker.",
  async look({ configuration, clock }, signal) {
    const { settings, secrets } = configuration;
    const { mqtt } = settings;
    if (mqtt === undefined) return skip("none is configured: nothing is reported to a fleet");
    const access = { url: mqtt.url, protocol: mqtt.protocol, user: mqtt.user, ...secrets.broker };
    const owner = { fleet: settings.fleet, device: settings.device_id };
    const clientId = `${settings.device_id}-doctor-${randomBytes(4).toString("hex")}`;
    await tryBroker(access, owner, clientId, clock, signal);
    return ok(`${mqtt.url}: connected, published and subscribed on the device's own topics`);
  },
};
