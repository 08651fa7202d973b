import { join } from "node:path";
import { diskHealth } from "../base/background-writer.ts";
import type { Report } from "../recognition/report.ts";
import { openAlarmDesk } from "./alarm-desk.ts";
import type { AlarmRecord } from "./alarms.ts";
import { assertAccess } from "./broker-access.ts";
import type { Incoming } from "./broker-line.ts";
import { brokerTimings } from "./broker-policy.ts";
import { type Executors, openCommandDesk } from "./command-desk.ts";
import { openConfigDesk } from "./config-desk.ts";
import { alarmMessage, metricsMessage, outcomeMessage, refusalMessage, transcriptMessage } from "./delivery.ts";
import { eventsOf } from "./events.ts";
import type { Fleet, FleetOptions } from "./fleet-contract.ts";
import { openMetricsDesk } from "./metrics-desk.ts";
import type { Message } from "./outbox.ts";
import { startOutlet } from "./outlet.ts";
import type { DeviceInfo } from "./payloads.ts";
import * as payloads from "./payloads.ts";
import { openPresence } from "./presence.ts";
import { commandNames } from "./schema-down.ts";
import { brokerOrigins } from "./symptom.ts";
import { assertOwner, downLevels } from "./topics.ts";
import { openTriage } from "./triage.ts";

// The room's front. What recognition, capture and sensors tell becomes the device's state (presence.ts), its alarms
// (triage.ts, alarm-desk.ts) and its events; those become messages (payloads.ts, delivery.ts), and the messages reach
// the broker when there is one (outlet.ts, publisher.ts, outbox.ts, link.ts, broker.ts). What comes from the fleet goes
// to a desk each: command-desk.ts, config-desk.ts.

export type { BrokerAccess } from "./broker-access.ts";
export type { Fleet, FleetMessage, FleetOptions } from "./fleet-contract.ts";

/** How often it is noticed that sound still flows. */
const soundEveryMs = 2_000;

/** Starts reporting. Throws Fault `config-invalid` for an identity or a broker setting that can never work. */
export function startFleet(options: FleetOptions): Fleet {
  const { identity, broker, stateDir, clock, random, logger } = options;
  assertOwner(identity);
  if (broker !== null) assertAccess(broker);

  const fileOf = (name: string) => (stateDir === null ? null : join(stateDir, name));
  const events = eventsOf(identity, identity.boot, clock);
  let lastSoundMs = Number.NEGATIVE_INFINITY;
  let stopped: Promise<void> | null = null;

  const triage = openTriage(clock, (event) => alarms.handle(event));
  const disk = diskHealth(triage.disk);
  const outlet = startOutlet({
    owner: identity,
    broker,
    file: fileOf(join("outbox", "journal")),
    onDisk: disk("outbox"),
    timings: options.timings ?? brokerTimings,
    clock,
    random,
    logger,
  });
  const publish = (message: Message) => outlet.publish(message);
  const alarmNow = (alarm: AlarmRecord) =>
    alarmMessage(identity, alarm.type, payloads.alarmPayload(alarm, clock.wallMs()));
  const alarms = openAlarmDesk({
    boot: identity.boot,
    file: fileOf("alarms.json"),
    onDisk: disk("alarms"),
    clock,
    logger,
    publish: ({ alarm }) => {
      publish(alarmNow(alarm));
      if (broker === null && alarm.status === "cleared") alarms.forget(alarm.id);
    },
  });
  const commands = openCommandDesk({
    executors: options.executors,
    file: fileOf("commands.json"),
    onDisk: disk("commands"),
    clock,
    logger,
    publish: (name, id, outcome) =>
      publish(outcomeMessage(identity, name, id, payloads.outcomePayload(outcome, clock.wallMs()))),
    refused: (name, id, reason) => {
      const outcome = payloads.outcomePayload({ status: "failed", reason, result: null }, clock.wallMs());
      publish(refusalMessage(identity, name, id, outcome));
    },
    ended: (...facts) => publish(events.ofCommand(...facts)),
  });
  const config = openConfigDesk({
    ...options.config,
    file: fileOf("remote-config.json"),
    onDisk: disk("remote-config"),
    clock,
    logger,
    changed: () => presence.configChanged(),
  });
  const presence = openPresence({
    owner: identity,
    boot: identity.boot,
    info: withCommands(options.info, options.executors),
    configHash: options.configHash,
    alarms: () => alarms.unsettled().map(alarmNow),
    config: () => config.now(),
    homeAssistant: options.homeAssistant ? { transcripts: options.publishTranscripts } : null,
    publish,
    clock,
    random,
  });

  function publishEvent(report: Report): void {
    const event = events.of(report);
    if (event !== null) publish(event);
    if (report.type !== "transcript" || !options.publishTranscripts) return;
    const { transcript } = report;
    // What is not final yet is worth nothing later.
    if (!transcript.final && !outlet.isConnected()) return;
    publish(transcriptMessage(identity, payloads.transcriptPayload(transcript, clock.wallMs())));
  }

  function received({ topic, payload, retain }: Incoming): void {
    const [kind, ...levels] = downLevels(identity, topic) ?? [];
    if (kind === "command") commands.receive(levels, payload, retain);
    // What comes during a stop is still with the broker at the next start.
    else if (kind === "config" && levels.length === 0 && stopped === null) config.receive(payload);
  }

  outlet.open({
    nextWill: () => presence.nextWill(),
    birth: () => presence.all(),
    delivered({ payload }) {
      triage.well("broker");
      if ("severity" in payload && payload.status === "cleared") alarms.forget(payload.id);
    },
    trouble: (cause) => triage.broker(cause),
    accepted: (origin) => triage.well(origin),
    received,
  });
  // Nothing will ever be heard of it: alarms from before the settings did without would stand for ever.
  if (broker === null) for (const origin of brokerOrigins) triage.well(origin);
  commands.resume();
  const metrics = openMetricsDesk({
    measure: options.measure,
    delivery: () => outlet.counts(),
    alarmsActive: () => alarms.active().length,
    publish: (payload) => publish(metricsMessage(identity, payload)),
    clock,
    random,
  });

  async function close(reason: string): Promise<void> {
    metrics[Symbol.dispose]();
    const desks = Promise.all([commands.close(), config.close()]);
    presence.leave(reason);
    await outlet.stop();
    await desks;
    await alarms.close();
  }

  return {
    report(report) {
      if (stopped !== null) return;
      presence.step(report);
      publishEvent(report);
      triage.report(report);
      config.report(report);
      metrics.report(report);
    },
    capture(event) {
      if (stopped !== null) return;
      // Sound comes many times a second, and says the same each time; the first after something else is news.
      if (event.type === "audio") {
        const nowMs = clock.monotonicMs();
        if (nowMs - lastSoundMs < soundEveryMs) return;
        lastSoundMs = nowMs;
      } else lastSoundMs = Number.NEGATIVE_INFINITY;
      presence.step(event);
      triage.capture(event);
    },
    notice(condition) {
      if (stopped === null) triage.notice(condition);
    },
    speech(told) {
      if (stopped !== null) return;
      if ("kind" in told) publishEvent({ type: "error", error: told });
      triage.speech(told);
    },
    observe: (listener) => outlet.observe(listener),
    follow(listener) {
      for (const alarm of alarms.unsettled()) listener(alarmNow(alarm));
      return outlet.observe(listener);
    },
    repeat() {
      for (const message of presence.all()) publish(message);
      metrics.tell();
    },
    alarms: () => alarms.active(),
    stop(reason) {
      stopped ??= close(reason);
      return stopped;
    },
  };
}

/** A console offers what a device can do. */
function withCommands(info: DeviceInfo, executors: Executors): DeviceInfo {
  const commands = commandNames.filter((name) => executors[name] !== undefined).map((name) => `command:${name}`);
  return { ...info, capabilities: [...info.capabilities, ...commands] };
}
