import type { Clock } from "../base/clock.ts";
import type { Report } from "../recognition/report.ts";
import { eventMessage } from "./delivery.ts";
import type { Message } from "./outbox.ts";
import * as payloads from "./payloads.ts";
import type { TopicOwner } from "./topics.ts";

/** What happened, as messages with the numbers of this boot. */
export interface Events {
  /** null: this report is no event. */
  of(report: Report): Message | null;
  ofCommand(name: string, id: string, status: "succeeded" | "failed", reason: string): Message;
}

export function eventsOf(owner: TopicOwner, boot: string, clock: Clock): Events {
  let lastSeq = 0;
  const stamp = (): payloads.EventStamp => {
    lastSeq += 1;
    return { seq: lastSeq, boot, nowMs: clock.wallMs() };
  };
  return {
    of(report) {
      switch (report.type) {
        case "error":
          return eventMessage(owner, "error", payloads.errorEventPayload(report.error, stamp()));
        case "session":
          return eventMessage(owner, "session", payloads.sessionEventPayload(report, stamp()));
        case "gap":
          return eventMessage(owner, "audio-gap", payloads.audioGapEventPayload(report, stamp()));
        case "transcript":
        case "phase":
        case "healthy":
          return null;
      }
    },
    ofCommand: (name, id, status, reason) =>
      eventMessage(owner, "command", payloads.commandEventPayload({ name, id, status, reason }, stamp())),
  };
}
