/** `sis-agent/mqtt`: topics and payloads of the devices, for programs that read them. docs/mqtt.md is the contract. */
export { type KnownFault, knownFaults } from "../fleet/known-faults.ts";
export {
  type AlarmPayload,
  type AlarmType,
  type AudioGapEventPayload,
  alarmPayload,
  alarmTypes,
  audioGapEventPayload,
  type DevicePhase,
  devicePhases,
  type ErrorEventPayload,
  errorEventPayload,
  type InfoPayload,
  infoPayload,
  jsonSchemas,
  type SessionEventPayload,
  type Severity,
  type StatePayload,
  sessionEventPayload,
  severities,
  statePayload,
  type TranscriptPayload,
  transcriptPayload,
} from "../fleet/schema.ts";
export {
  type CommandEventPayload,
  type CommandName,
  type ConfigReportPayload,
  commandArguments,
  commandEventPayload,
  commandNames,
  commandPayload,
  configReportPayload,
  desiredConfigPayload,
  type OutcomePayload,
  outcomePayload,
} from "../fleet/schema-down.ts";
export { type MetricsPayload, metricsPayload } from "../fleet/schema-metrics.ts";
export { downTopics, type TopicOwner, type UpTopic, upTopic } from "../fleet/topics.ts";
