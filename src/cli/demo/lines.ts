import type { SourceEvent } from "../../audio/source.ts";
import type { Instant } from "../../base/clock.ts";
import { printable } from "../../base/fault.ts";
import { jsonOf } from "../../base/json.ts";
import type { Report, Transcript } from "../../recognition/report.ts";
import type { PublishedMessage } from "../../simulator/broker.ts";
import type { ErrorReport } from "../../sis/error-report.ts";
import { clockTime, duration } from "./format.ts";
import type { Happening } from "./happening.ts";
import { type Line, line, type Span, span } from "./line.ts";
import { sceneLines } from "./scenes.ts";

/** Speech that is recognised later than this after it was spoken has waited for the service. */
const lateMs = 2_000;

/** The lines that a happening adds to the output; most add none or one. */
export function linesOf(what: Happening, now: Instant): readonly Line[] {
  switch (what.type) {
    case "scene":
      return sceneLines(what.scene, now.wallMs);
    case "report":
      return reportLines(what.report, now);
    case "capture":
      return captureLines(what.event, now);
    case "published":
      return [said(now, "fleet", ...messageSpans(what.message))];
  }
}

function reportLines(report: Report, now: Instant): readonly Line[] {
  switch (report.type) {
    case "transcript":
      return report.transcript.final && report.transcript.text !== "" ? [heard(report.transcript, now)] : [];
    case "error":
      return [said(now, "agent", ...errorSpans(report.error))];
    case "phase":
      return report.phase === "streaming" ? [said(now, "agent", span("streams: "), span(report.reason))] : [];
    case "gap": {
      const { lostMs, cause } = report;
      return [said(now, "agent", span(`${duration(lostMs)} of sound is lost: ${cause}`, "bad"))];
    }
    case "session":
    case "healthy":
      return [];
  }
}

function heard({ text, startMs, endMs }: Transcript, now: Instant): Line {
  const agoMs = now.wallMs - endMs;
  const late = agoMs > lateMs ? span(`, ${duration(agoMs)} ago: it waited in the agent`, "warning") : span("");
  const spans = [span(printable(text, 500), "strong"), span(`  spoken at ${clockTime(startMs)}`, "quiet"), late];
  return said(now, "heard", ...spans);
}

function errorSpans({ kind, code, message, retryInMs }: ErrorReport): readonly Span[] {
  const next = retryInMs === null ? "" : ` → tries again in ${duration(retryInMs)}`;
  const what = kind === "ERROR" || kind === "FATAL_ERROR" ? kind : kind.toLowerCase();
  return [span(`${what} ${code}`, "bad"), span(` “${message}”`), span(next, "warning")];
}

function captureLines(event: SourceEvent, now: Instant): readonly Line[] {
  switch (event.type) {
    case "opened":
      return [said(now, "agent", span(`records: ${event.description}`))];
    case "interrupted": {
      const { fault, retryInMs } = event;
      const again = span(` → tries again in ${duration(retryInMs)}`, "warning");
      return [said(now, "agent", span("no sound: ", "bad"), span(fault.message), again)];
    }
    case "overrun":
      return [said(now, "agent", span(`the recorder dropped at least ${duration(event.lostMs)} of sound`, "bad"))];
    case "ended":
      return event.fault === null ? [] : [said(now, "agent", span(`no sound: ${event.fault.message}`, "bad"))];
    case "audio":
    case "muted":
      return [];
  }
}

/** What only machines read is left out, so that what matters fits on a line; so are values that are the usual ones. */
const bookkeeping = new Set(["v", "ts", "boot", "seq", "id", "session", "since", "first", "last", "trace_id"]);
const usual: ReadonlyMap<string, unknown> = new Map([
  ["online", true],
  ["replayed", false],
  ["flapping", false],
]);

function messageSpans({ topic, payload }: PublishedMessage): readonly Span[] {
  const content = jsonOf(payload);
  const fields = typeof content === "object" && content !== null ? Object.entries(content) : [];
  // The hint is for whoever looks into an alarm.
  const hinted = fields.some(([name, value]) => name === "status" && value === "active");
  const told = fields.filter(
    ([name, value]) =>
      !bookkeeping.has(name) && value !== null && usual.get(name) !== value && (hinted || name !== "hint"),
  );
  const cut = topic.indexOf("/up/") + 1;
  const json = printable(JSON.stringify(Object.fromEntries(told)), 1_000);
  return [span(printable(topic.slice(0, cut)), "quiet"), span(printable(topic.slice(cut))), span(` ${json}`, "quiet")];
}

/** Who says it stands in a column of its own, so that the sides of the story can be told apart. */
function said(now: Instant, who: "agent" | "fleet" | "heard", ...spans: readonly Span[]): Line {
  return line(17, span(`${clockTime(now.wallMs)} `, "quiet"), span(who.padEnd(6), who), ...spans);
}
