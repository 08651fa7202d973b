import type { Instant } from "../base/clock.ts";
import type { TopicOwner } from "../fleet/topics.ts";
import { Budget } from "./budget.ts";
import { type Census, Counter } from "./census.ts";
import { activeAlarms, type Device, newDevice, silentDevice, stepDevice } from "./device.ts";
import { largestBytes, type Refusal, readMessage, type UpMessage } from "./message.ts";
import { type News, NewsFeed } from "./news.ts";
import { type Outage, OutageWatch } from "./outages.ts";
import { isKept, keyOf, parseTopic, type UpTopic } from "./topic.ts";

// The fleet as the console knows it: messages and time in, devices and counts out. No I/O, no clock. Everything that
// comes is untrusted: no device can take up more than its share of attention or memory, and none can speak for another.

export interface ModelOptions {
  /** More are not taken up. */
  readonly mostDevices: number;
}

/** A device name may be in so many fleets: the broker's access list lets a device choose the fleet's name. */
const fleetsOfADevice = 4;
/** A state is published anew at least every 30 minutes, and expires after 2 hours. */
const silentMs = 2 * 3_600_000;
const sweepMs = 60_000;

interface Slot {
  device: Device;
  /** When its state was heard last, on the monotonic clock. */
  heardMs: number;
  readonly budget: Budget;
  /** The snapshot in which its state, and each of its alarms, was last heard. */
  stateSeen: number;
  readonly alarmsSeen: Map<string, number>;
}

export interface Overview extends Census {
  readonly outages: readonly Outage[];
  readonly news: readonly News[];
  /** Messages that were not used, by the reason. */
  readonly refused: Readonly<Record<string, number>>;
}

const silent = "nothing was heard of it for more than two hours";
const forgotten = "the broker no longer knows how it is, and nothing was heard of it since";

export class FleetModel {
  readonly #options: ModelOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #fleets = new Map<string, number>();
  readonly #counter = new Counter();
  readonly #outages = new OutageWatch();
  readonly #news = new NewsFeed();
  readonly #refused = new Map<Refusal, number>();
  readonly #waiting = new Set<Slot>();
  readonly #listeners = new Set<(key: string) => void>();
  #snapshot = 0;
  #sweptMs = 0;

  constructor(options: ModelOptions) {
    this.#options = options;
  }

  /** Takes a message. @returns why it is not used; null: it is, or will be */
  receive(topic: string, payload: Uint8Array, now: Instant): Refusal | null {
    const refusal = this.#take(topic, payload, now);
    if (refusal !== null) this.#refused.set(refusal, (this.#refused.get(refusal) ?? 0) + 1);
    return refusal;
  }

  /** To be called about once a second. */
  tick(now: Instant): void {
    for (const slot of this.#waiting) {
      for (const { topic, payload } of slot.budget.release(now.monotonicMs)) {
        const parsed = parseTopic(topic);
        if (parsed !== null) this.#apply(slot, parsed, payload, now);
      }
      if (!slot.budget.waits) this.#waiting.delete(slot);
    }
    for (const change of this.#outages.evaluate(this.#slots.size)) this.#news.tellOutage(change, now.wallMs);
    if (now.monotonicMs - this.#sweptMs >= sweepMs) this.#sweep(now);
  }

  /** The broker is about to send everything that it keeps. */
  snapshotBegins(): void {
    this.#snapshot += 1;
    for (const slot of this.#slots.values()) slot.device = { ...slot.device, doubtful: true };
  }

  /** It has: what was not in it, the broker keeps no longer. */
  snapshotEnds(now: Instant): void {
    for (const [key, slot] of this.#slots) {
      const alarms = slot.device.alarms.filter(({ type }) => slot.alarmsSeen.get(type) === this.#snapshot);
      const kept = { ...slot.device, alarms };
      this.#replace(
        slot,
        slot.stateSeen === this.#snapshot ? kept : silentDevice(kept, forgotten, now.wallMs),
        now.wallMs,
      );
      if (slot.device.state === null && alarms.length === 0 && slot.device.info === null) this.#forget(key, slot);
    }
  }

  device(key: string): Device | null {
    return this.#slots.get(key)?.device ?? null;
  }

  *devices(): Iterable<Device> {
    for (const { device } of this.#slots.values()) yield device;
  }

  overview(): Overview {
    return {
      ...this.#counter.result(),
      outages: this.#outages.open(),
      news: this.#news.latest(),
      refused: Object.fromEntries(this.#refused),
    };
  }

  /** Calls `listener` with the key of each device that has changed. Disposing ends that. */
  observe(listener: (key: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  #take(topic: string, payload: Uint8Array, now: Instant): Refusal | null {
    const parsed = parseTopic(topic);
    if (parsed === null) return "topic";
    const slot = this.#slots.get(keyOf(parsed.owner));
    if (slot === undefined) return this.#welcome(parsed, payload, now);
    if (slot.budget.spend(topic, now.monotonicMs)) return this.#apply(slot, parsed, payload, now);
    if (!isKept(parsed.levels[0]) || payload.length > largestBytes || !slot.budget.hold(topic, payload)) return "flood";
    this.#waiting.add(slot);
    return null;
  }

  /** A device that was not known. */
  #welcome({ owner, levels }: UpTopic, payload: Uint8Array, now: Instant): Refusal | null {
    const message = readMessage(owner, levels, payload);
    if (typeof message === "string") return message;
    if (message.kind === "other" || message.kind === "gone") return null;
    if (this.#slots.size >= this.#options.mostDevices) return "too-many-devices";
    const fleets = this.#fleets.get(owner.device) ?? 0;
    if (fleets >= fleetsOfADevice) return "too-many-fleets";
    this.#fleets.set(owner.device, fleets + 1);
    const slot: Slot = {
      device: newDevice(owner),
      heardMs: now.monotonicMs,
      budget: new Budget(now.monotonicMs),
      stateSeen: 0,
      alarmsSeen: new Map(),
    };
    this.#slots.set(slot.device.key, slot);
    this.#counter.replace(null, slot.device);
    this.#accept(slot, message, now);
    return null;
  }

  #apply(slot: Slot, { owner, levels }: UpTopic, payload: Uint8Array, now: Instant): Refusal | null {
    const message = readMessage(owner, levels, payload);
    if (typeof message === "string") return message;
    this.#accept(slot, message, now);
    return null;
  }

  #accept(slot: Slot, message: UpMessage, now: Instant): void {
    if (message.kind === "state") slot.stateSeen = this.#snapshot;
    if (message.kind === "alarm") slot.alarmsSeen.set(message.type, this.#snapshot);
    const before = slot.device;
    this.#replace(slot, stepDevice(before, message, now.wallMs), now.wallMs);
    // An old will changes nothing, and is no sign of life.
    if (message.kind === "state" && slot.device !== before) slot.heardMs = now.monotonicMs;
    for (const type of slot.alarmsSeen.keys()) {
      if (!slot.device.alarms.some((alarm) => alarm.type === type)) slot.alarmsSeen.delete(type);
    }
    const { state, info, alarms } = slot.device;
    if (message.kind === "gone" && state === null && info === null && alarms.length === 0) {
      this.#forget(slot.device.key, slot);
    }
  }

  #replace(slot: Slot, after: Device, nowMs: number): void {
    const before = slot.device;
    if (before === after) return;
    slot.device = after;
    this.#counter.replace(before, after);
    if (before.alarms !== after.alarms) this.#compareAlarms(before, after, nowMs);
    for (const listener of this.#listeners) listener(after.key);
  }

  #compareAlarms(before: Device, after: Device, nowMs: number): void {
    const was = new Map(activeAlarms(before).map((alarm) => [alarm.type, alarm.payload]));
    const is = new Map(activeAlarms(after).map((alarm) => [alarm.type, alarm.payload]));
    for (const [type, { code }] of was) {
      if (is.get(type)?.code === code) continue;
      if (![...is.values()].some((other) => other.code === code)) this.#outages.clear(before.key, code);
      if (!is.has(type)) this.#tell(after, code, `${after.device}: ${type} is over (${code})`, nowMs);
    }
    for (const [type, { code, class: kind, first, message }] of is) {
      if (was.get(type)?.code === code) continue;
      const atMs = Math.min(Date.parse(first), nowMs);
      this.#outages.raise({ key: after.key, type, class: kind, code, atMs });
      if (!was.has(type)) this.#tell(after, code, `${after.device}: ${type} ${code} ${message}`, nowMs);
    }
  }

  #tell({ key }: TopicOwner & { readonly key: string }, code: string, text: string, nowMs: number): void {
    if (!this.#outages.isOpen(code)) this.#news.tell({ atMs: nowMs, text, key, code });
  }

  #forget(key: string, slot: Slot): void {
    for (const { payload } of activeAlarms(slot.device)) this.#outages.clear(key, payload.code);
    this.#counter.replace(slot.device, null);
    this.#slots.delete(key);
    this.#waiting.delete(slot);
    const { device } = slot.device;
    const fleets = (this.#fleets.get(device) ?? 1) - 1;
    if (fleets === 0) this.#fleets.delete(device);
    else this.#fleets.set(device, fleets);
    for (const listener of this.#listeners) listener(key);
  }

  #sweep(now: Instant): void {
    this.#sweptMs = now.monotonicMs;
    for (const slot of this.#slots.values()) {
      if (now.monotonicMs - slot.heardMs > silentMs) {
        this.#replace(slot, silentDevice(slot.device, silent, now.wallMs), now.wallMs);
      }
    }
  }
}
