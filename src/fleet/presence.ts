import { type Clock, instantOf } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Will } from "./broker.ts";
import { configMessage, infoMessage, stateMessage } from "./delivery.ts";
import { type DeviceInput, offlineDevice, startingDevice, stepDevice } from "./device-state.ts";
import { homeAssistantMessages } from "./home-assistant.ts";
import type { Message } from "./outbox.ts";
import type { DeviceInfo } from "./payloads.ts";
import * as payloads from "./payloads.ts";
import type { RemoteConfig } from "./remote-config-file.ts";
import { type TopicOwner, upTopic } from "./topics.ts";

export interface PresenceOptions {
  readonly owner: TopicOwner;
  /** New at each start of the agent. */
  readonly boot: string;
  readonly info: DeviceInfo;
  /** Changes when a setting in effect does. */
  readonly configHash: () => string;
  /** Those that are active, and those of which the fleet does not know that they are not. */
  readonly alarms: () => readonly Message[];
  /** The settings that the fleet wants. */
  readonly config: () => RemoteConfig;
  /** null: Home Assistant is told nothing. */
  readonly homeAssistant: { readonly transcripts: boolean } | null;
  readonly publish: (message: Message) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/** What is so of the device just now, as retained messages; what changes of its state is published at once. */
export interface Presence {
  /** Takes what may change the device's state. */
  step(input: DeviceInput): void;
  /** It is no longer there: the last word. */
  leave(reason: string): void;
  /** The settings have changed. */
  configChanged(): void;
  /** All that is so, as a new connection begins with it. */
  all(): readonly Message[];
  /** Of a connection that is about to be tried: it has a session of its own, which later states name as well. */
  nextWill(): Will;
}

/** Four of these fit into the two hours after which a broker forgets that a device is online. */
const refreshMs = 1_800_000;

export function openPresence(options: PresenceOptions): Presence {
  const { owner, boot, info, publish, clock, random } = options;
  let device = startingDevice(instantOf(clock));
  let session = newSession(random);

  const state = () => stateMessage(owner, payloads.statePayload(device, boot, session, instantOf(clock)));
  const told = () => infoMessage(owner, payloads.infoPayload(info, options.configHash(), clock.wallMs()));

  const config = () =>
    configMessage(owner, payloads.configReportPayload(options.config(), options.configHash(), clock.wallMs()));

  function refreshLater(): Disposable {
    return clock.after(refreshMs * (0.9 + 0.2 * random()), () => {
      publish(state());
      refresh = refreshLater();
    });
  }

  let refresh = refreshLater();
  return {
    step(input) {
      const { phase, reason } = device;
      device = stepDevice(device, input, instantOf(clock));
      if (device.phase !== phase || device.reason !== reason) publish(state());
    },
    leave(reason) {
      refresh[Symbol.dispose]();
      device = offlineDevice(device, reason, instantOf(clock));
      publish(state());
    },
    configChanged() {
      for (const message of [config(), told()]) publish(message);
    },
    all() {
      const { homeAssistant } = options;
      return [
        told(),
        state(),
        ...options.alarms(),
        config(),
        ...(homeAssistant === null ? [] : homeAssistantMessages(owner, info, homeAssistant.transcripts)),
      ];
    },
    nextWill() {
      session = newSession(random);
      const lost = offlineDevice(device, "connection lost", instantOf(clock));
      const payload = payloads.statePayload(lost, boot, session, instantOf(clock));
      return { topic: upTopic(owner, "state"), payload: JSON.stringify(payload) };
    },
  };
}

function newSession(random: Random): string {
  const word = () =>
    Math.floor(random() * 0x10000)
      .toString(16)
      .padStart(4, "0");
  return Array.from({ length: 4 }, word).join("");
}
