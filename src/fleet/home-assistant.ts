import { createHash } from "node:crypto";
import type { Message } from "./outbox.ts";
import type { DeviceInfo } from "./payloads.ts";
import { alarmTypes, devicePhases } from "./schema.ts";
import type { Description, DiscoveryPayload } from "./schema-discovery.ts";
import { type TopicOwner, upTopic } from "./topics.ts";

// The device as Home Assistant sees it: one message that describes all its entities. They read the topics that there
// are anyway. Source: Home Assistant, MQTT integration, "Device discovery payload".

/** Metrics come once a minute; after this they are unknown. */
const expireSeconds = 300;

/** @param transcripts whether what was said is published */
export function homeAssistantMessages(owner: TopicOwner, info: DeviceInfo, transcripts: boolean): readonly Message[] {
  const id = objectId(owner);
  const payload: DiscoveryPayload = {
    device: {
      identifiers: [id],
      name: owner.device,
      manufacturer: "sis-agent",
      model: `${info.os}, ${info.hardware}`,
      sw_version: info.version,
      hw_version: info.hardware,
    },
    origin: { name: "sis-agent", sw_version: info.version },
    components: Object.fromEntries(
      componentsOf(owner, transcripts).map(([name, component]) => [name, { ...component, unique_id: `${id}_${name}` }]),
    ),
    qos: 1,
  };
  const delivery = { retain: true, expirySeconds: null, keep: "latest" } as const;
  return [{ topic: `homeassistant/device/${id}/config`, payload, delivery }];
}

/** Of letters, digits, - and _ only, as a discovery topic wants it; still another one for each device of a fleet. */
function objectId({ fleet, device }: TopicOwner): string {
  const plain = device.replaceAll(/[^A-Za-z0-9_-]/g, "_");
  if (plain === device) return device;
  return `${plain}_${createHash("sha256").update(`${fleet}/${device}`).digest("hex").slice(0, 8)}`;
}

function componentsOf(owner: TopicOwner, transcripts: boolean): readonly (readonly [string, Description])[] {
  const state = upTopic(owner, "state");
  const metrics = {
    state_topic: upTopic(owner, "metrics"),
    expire_after: expireSeconds,
    state_class: "measurement",
    entity_category: "diagnostic",
    availability_topic: state,
    availability_template: "{{ 'online' if value_json.online else 'offline' }}",
  } as const;
  return [
    [
      "online",
      {
        platform: "binary_sensor",
        name: "Online",
        device_class: "connectivity",
        state_topic: state,
        value_template: "{{ 'ON' if value_json.online else 'OFF' }}",
      },
    ],
    [
      "phase",
      {
        platform: "sensor",
        name: "Phase",
        device_class: "enum",
        options: devicePhases,
        state_topic: state,
        value_template: "{{ value_json.phase }}",
        json_attributes_topic: state,
      },
    ],
    ...alarmTypes.map((type): readonly [string, Description] => {
      const topic = upTopic(owner, `alarm/${type}`);
      return [
        `alarm_${type.replace("-", "_")}`,
        {
          platform: "binary_sensor",
          name: `Problem: ${type}`,
          device_class: "problem",
          entity_category: "diagnostic",
          state_topic: topic,
          value_template: "{{ 'ON' if value_json.status == 'active' else 'OFF' }}",
          json_attributes_topic: topic,
        },
      ];
    }),
    [
      "backlog",
      {
        ...metrics,
        platform: "sensor",
        name: "Backlog",
        device_class: "duration",
        unit_of_measurement: "ms",
        value_template: "{{ value_json.backlog_ms }}",
      },
    ],
    [
      "level",
      {
        ...metrics,
        platform: "sensor",
        name: "Sound level",
        unit_of_measurement: "dBFS",
        value_template: "{{ value_json.level.rms_dbfs if value_json.level else None }}",
      },
    ],
    [
      "temperature",
      {
        ...metrics,
        platform: "sensor",
        name: "Temperature",
        device_class: "temperature",
        unit_of_measurement: "°C",
        value_template: "{{ value_json.temperature_c }}",
      },
    ],
    ...(transcripts ? [said(owner)] : []),
  ];
}

/** A state has 255 characters at most. */
function said(owner: TopicOwner): readonly [string, Description] {
  const topic = upTopic(owner, "transcript");
  return [
    "said",
    {
      platform: "sensor",
      name: "Last said",
      state_topic: topic,
      value_template: "{{ value_json.text[:255] }}",
      json_attributes_topic: topic,
    },
  ];
}
