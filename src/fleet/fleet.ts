import { join } from "node:path";
import type { SourceEvent } from "../audio/source.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Report } from "../recognition/report.ts";
import type { Outcome } from "../synthesis/outcome.ts";
import type { SpeechError } from "../synthesis/report.ts";
import { openAlarmDesk } from "./alarm-desk.ts";
import type { AlarmRecord } from "./alarms.ts";
import { diskHealth } from "./background-writer.ts";
import type { Will } from "./broker.ts";
import { assertAccess, type BrokerAccess } from "./broker-access.ts";
import type { Incoming } from "./broker-line.ts";
import { type BrokerTimings, brokerTimings } from "./broker-policy.ts";
import { type Executors, openCommandDesk } from "./command-desk.ts";
import { type ConfigHost, openConfigDesk } from "./config-desk.ts";
import {
  alarmMessage,
  configMessage,
  infoMessage,
  metricsMessage,
  outcomeMessage,
  restoredMessage,
  stateMessage,
  transcriptMessage,
} from "./delivery.ts";
import { type DeviceInput, offlineDevice, startingDevice, stepDevice } from "./device-state.ts";
import {
  type Condition,
  type Origin,
  type Symptom,
  symptomOfBroker,
  symptomOfCapture,
  symptomOfCondition,
  symptomOfDisk,
  symptomOfReport,
  symptomOfSpeaker,
  symptomOfSpeechError,
  wellByCapture,
  wellByReport,
} from "./diagnosis.ts";
import { eventsOf } from "./events.ts";
import { homeAssistantMessages } from "./home-assistant.ts";
import type { Measurement } from "./metrics.ts";
import { type MetricsDesk, openMetricsDesk } from "./metrics-desk.ts";
import type { Message } from "./outbox.ts";
import { openOutboxFile } from "./outbox-file.ts";
import type { DeviceInfo } from "./payloads.ts";
import * as payloads from "./payloads.ts";
import { type Publisher, startPublisher } from "./publisher.ts";
import type { RemoteConfig } from "./remote-config-file.ts";
import type { Payload } from "./schema.ts";
import { commandNames } from "./schema-down.ts";
import { assertOwner, downLevels, downTopics, type TopicOwner, upTopic } from "./topics.ts";

// The room's front. What recognition, capture and sensors tell becomes the device's state, its alarms and its events
// (device-state.ts, diagnosis.ts, alarms.ts), those become messages (payloads.ts, delivery.ts), and the messages reach
// the broker when there is one (outbox.ts, publisher.ts, link.ts, broker.ts). What comes from the fleet goes to a desk
// each: command-desk.ts, config-desk.ts.

export type { BrokerAccess } from "./broker-access.ts";
export type { DeviceInfo } from "./payloads.ts";

export interface FleetIdentity extends TopicOwner {
  /** New at each start of the agent. */
  readonly boot: string;
}

/** One message as the fleet would see it. */
export interface FleetMessage {
  readonly topic: string;
  readonly payload: Payload;
}

export interface FleetOptions {
  readonly identity: FleetIdentity;
  /** null: alarms are decided and logged, nothing is published, nothing comes in. */
  readonly broker: BrokerAccess | null;
  readonly info: DeviceInfo;
  /** Changes when a setting in effect does. */
  readonly configHash: () => string;
  /** Publish what was said. Off unless the user asks for it. */
  readonly publishTranscripts: boolean;
  /** Announce the device to Home Assistant. Off unless the user asks for it. */
  readonly homeAssistant: boolean;
  /** A folder of its own for what survives a restart: alarms, messages, commands, the fleet's settings; null: nothing does. */
  readonly stateDir: string | null;
  /** What carries out the fleet's commands. */
  readonly executors: Executors;
  /** Who runs on the fleet's settings, and on which now; null: none are taken. */
  readonly config: { readonly host: ConfigHost; readonly initial: RemoteConfig } | null;
  /** For `up/metrics`; null: there is none. */
  readonly measure: (() => Measurement) | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Default: `brokerTimings`. */
  readonly timings?: BrokerTimings;
}

/** The agent's voice to its fleet, and its ear. Nothing here throws or blocks, whatever the broker does. */
export interface Fleet {
  /** Takes a report of recognition. */
  report(report: Report): void;
  /** Takes an event of the source of sound. */
  capture(event: SourceEvent): void;
  /** Takes what a sensor or a meter says; only what is new is acted upon. */
  notice(condition: Condition): void;
  /** Takes a failure to get speech from the service, or what became of a text. */
  speech(told: SpeechError | Outcome): void;
  /** Calls `listener` with every message when it is decided, broker or not. Disposing ends that. */
  observe(listener: (message: FleetMessage) => void): Disposable;
  /** Says again all that is so: info, state, alarms, settings, metrics. */
  repeat(): void;
  /** The alarms that are active. */
  alarms(): readonly AlarmRecord[];
  /** How many alarms were raised and cleared since the start. */
  alarmCounts(): { readonly raised: number; readonly cleared: number };
  /** Says goodbye (2 s at most) and lets go of the broker and every timer. Repeatable; later reports are ignored. */
  stop(reason: string): Promise<void>;
}

/** Four of these fit into the two hours after which a broker forgets that a device is online. */
const refreshMs = 1_800_000;
/** How often it is noticed that sound flows. */
const soundEveryMs = 500;

/** Starts reporting. Throws Fault `config-invalid` for an identity or a broker setting that can never work. */
export function startFleet(options: FleetOptions): Fleet {
  const { identity, stateDir, clock, random, logger } = options;
  assertOwner(identity);
  if (options.broker !== null) assertAccess(options.broker);

  const info = withCommands(options.info, options.executors);
  const listeners = new Set<(message: FleetMessage) => void>();
  /** The code of what was last wrong with each side that has a sensor; null: nothing. */
  const conditions = new Map<Origin, string | null>();
  const events = eventsOf(identity, identity.boot, clock);
  const fileOf = (name: string) => (stateDir === null ? null : join(stateDir, name));
  let device = startingDevice(clock.wallMs());
  let lastSoundMs = Number.NEGATIVE_INFINITY;
  let session = newSession();
  let stopped: Promise<void> | null = null;
  let publisher: Publisher | null = null;

  const disk = diskHealth((fault) => {
    if (fault === null) well("state-disk");
    else trouble(symptomOfDisk("state-disk", fault));
  });
  const desk = openAlarmDesk({
    boot: identity.boot,
    file: fileOf("alarms.json"),
    onDisk: disk("alarms"),
    clock,
    logger,
    publish: ({ alarm }) => {
      publish(messageOf(alarm));
      if (options.broker === null && alarm.status === "cleared") desk.forget(alarm.id);
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
    ended: (...facts) => publish(events.ofCommand(...facts)),
  });
  const config =
    options.config === null
      ? null
      : openConfigDesk({
          ...options.config,
          file: fileOf("remote-config.json"),
          onDisk: disk("remote-config"),
          clock,
          logger,
          changed: (to) => {
            publish(configNow(to));
            publish(infoNow());
          },
        });

  function newSession(): string {
    return Array.from({ length: 4 }, () =>
      Math.floor(random() * 0x10000)
        .toString(16)
        .padStart(4, "0"),
    ).join("");
  }

  function publish(message: Message): void {
    for (const listener of listeners) listener(message);
    publisher?.publish(message);
  }

  function messageOf(alarm: AlarmRecord): Message {
    return alarmMessage(identity, alarm.type, payloads.alarmPayload(alarm, clock.wallMs()));
  }

  function stateNow(): Message {
    return stateMessage(identity, payloads.statePayload(device, identity.boot, session, clock.wallMs()));
  }

  function infoNow(): Message {
    return infoMessage(identity, payloads.infoPayload(info, options.configHash(), clock.wallMs()));
  }

  function configNow(of: RemoteConfig): Message {
    return configMessage(identity, payloads.configReportPayload(of, options.configHash(), clock.wallMs()));
  }

  /** All that is so, as a new connection begins with it. */
  function present(): readonly Message[] {
    return [
      infoNow(),
      stateNow(),
      ...desk.active().map(messageOf),
      ...(config === null ? [] : [configNow(config.now())]),
      ...(options.homeAssistant ? homeAssistantMessages(identity, info, options.publishTranscripts) : []),
    ];
  }

  function birth(): readonly Message[] {
    const messages = present();
    for (const message of messages) for (const listener of listeners) listener(message);
    return messages;
  }

  function trouble(symptom: Symptom | null): void {
    if (symptom !== null) desk.handle({ type: "trouble", symptom });
  }

  function well(origin: Origin | null): void {
    if (origin !== null) desk.handle({ type: "well", origin });
  }

  function updateDevice(input: DeviceInput): void {
    const { phase, reason } = device;
    device = stepDevice(device, input, clock.wallMs());
    if (device.phase !== phase || device.reason !== reason) publish(stateNow());
  }

  function publishEvent(report: Report): void {
    const event = events.of(report);
    if (event !== null) publish(event);
    if (report.type !== "transcript" || !options.publishTranscripts) return;
    const { transcript } = report;
    // What is not final yet is worth nothing later.
    if (!transcript.final && publisher?.isConnected() !== true) return;
    publish(transcriptMessage(identity, payloads.transcriptPayload(transcript, clock.wallMs())));
  }

  function nextWill(): Will {
    session = newSession();
    const lost = offlineDevice(device, "connection lost", clock.wallMs());
    const payload = payloads.statePayload(lost, identity.boot, session, clock.wallMs());
    return { topic: upTopic(identity, "state"), payload: JSON.stringify(payload) };
  }

  function received({ topic, payload, retain }: Incoming): void {
    if (stopped !== null) return;
    const [kind, ...levels] = downLevels(identity, topic) ?? [];
    if (kind === "command") commands.receive(levels, payload, retain);
    else if (kind === "config" && levels.length === 0) config?.receive(payload);
  }

  function connect(access: BrokerAccess): Publisher {
    const path = fileOf(join("outbox", "journal"));
    const file = path === null ? null : openOutboxFile(path, clock, logger, disk("outbox"));
    const restored = (file?.restored ?? []).flatMap(
      (each) => restoredMessage(identity, each.topic, each.payload) ?? [],
    );
    const { timings = brokerTimings } = options;
    const subscriptions = downTopics(identity);
    const link = { access, clientId: identity.device, clock, random, timings, logger, file, restored, subscriptions };
    return startPublisher(link, {
      nextWill,
      birth,
      delivered({ payload }) {
        well("broker");
        if ("severity" in payload && payload.status === "cleared") desk.forget(payload.id);
      },
      trouble: (cause) => trouble(symptomOfBroker(cause)),
      accepted: well,
      received,
    });
  }

  function refreshLater(): Disposable {
    return clock.after(refreshMs * (0.9 + 0.2 * random()), () => {
      publish(stateNow());
      refresh = refreshLater();
    });
  }

  let refresh = refreshLater();
  publisher = options.broker === null ? null : connect(options.broker);
  commands.resume();
  const metrics = metricsDesk(options.measure);

  function metricsDesk(measure: FleetOptions["measure"]): MetricsDesk | null {
    if (measure === null) return null;
    return openMetricsDesk({
      measure,
      delivery: () => publisher?.counts() ?? { waiting: 0, dropped: 0, unheard: 0, reconnects: 0 },
      alarmsActive: () => desk.active().length,
      publish: (payload) => publish(metricsMessage(identity, payload)),
      clock,
      random,
    });
  }

  async function close(reason: string): Promise<void> {
    refresh[Symbol.dispose]();
    metrics?.[Symbol.dispose]();
    const desks = Promise.all([commands.close(), config?.close()]);
    device = offlineDevice(device, reason, clock.wallMs());
    publish(stateNow());
    await publisher?.stop();
    await desks;
    await desk.close();
  }

  return {
    report(report) {
      if (stopped !== null) return;
      updateDevice(report);
      publishEvent(report);
      trouble(symptomOfReport(report));
      well(wellByReport(report));
      config?.report(report);
      metrics?.report(report);
    },
    capture(event) {
      if (stopped !== null) return;
      // Sound comes many times a second, and says the same each time.
      if (event.type === "audio") {
        const nowMs = clock.monotonicMs();
        if (nowMs - lastSoundMs < soundEveryMs) return;
        lastSoundMs = nowMs;
      }
      updateDevice(event);
      trouble(symptomOfCapture(event));
      well(wellByCapture(event));
    },
    notice(condition) {
      if (stopped !== null) return;
      const { origin, symptom } = symptomOfCondition(condition);
      const before = conditions.get(origin);
      conditions.set(origin, symptom?.code ?? null);
      if (symptom === null) well(origin);
      else if (symptom.code !== before) trouble(symptom);
    },
    speech(told) {
      if (stopped !== null) return;
      if ("kind" in told) {
        publishEvent({ type: "error", error: told });
        trouble(symptomOfSpeechError(told));
      } else if (told.result === "spoken") {
        well("speech");
        well("speaker");
      } else if (told.result === "unheard") {
        trouble(symptomOfSpeaker(told.fault));
      }
    },
    observe(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    repeat() {
      for (const message of present()) publish(message);
      metrics?.tell();
    },
    alarms: () => desk.active(),
    alarmCounts: () => desk.counts(),
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
