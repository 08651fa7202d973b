import * as z from "zod";
import { Fault, printable } from "../base/fault.ts";
import { isObject } from "../base/json.ts";

/** What the simulator can do wrong, and when. This is the contract of `--faults FILE` and `POST /control/faults`. */

const ms = z.int().min(0).max(86_400_000);
const serviceCode = z.string().regex(/^[A-Za-z]{1,10}\.\d{3,8}$/, 'like "SIS.0302"');
const text = z.string().max(1000);
/** Absent: the id that the service would use. null: the response has no `trace_id`. */
const traceId = text.nullable().optional();
const closeCode = z.int().refine((code) => closeCodes.has(code) || (code >= 3000 && code <= 4999), {
  error: "1000, 1001, 1002, 1003, 1006 (no closing handshake), 1007 to 1014, or 3000 to 4999",
});
const closeCodes = new Set([1000, 1001, 1002, 1003, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]);
/** How often, or for how long: one of the two; absent: once. */
const repeat = { times: z.int().min(1).max(100_000).optional(), for_ms: ms.optional() };

const kinds = [
  // What the service says about a session
  z.strictObject({
    kind: z.literal("error"),
    code: serviceCode.default("SIS.0302"),
    message: text.optional(),
    trace_id: traceId,
  }),
  z.strictObject({
    kind: z.literal("error-on-start"),
    code: serviceCode.default("SIS.0302"),
    message: text.optional(),
    trace_id: traceId,
    ...repeat,
  }),
  z.strictObject({
    kind: z.literal("no-end-after-error"),
    code: serviceCode.default("SIS.0302"),
    message: text.optional(),
    trace_id: traceId,
  }),
  z.strictObject({
    kind: z.literal("fatal"),
    code: serviceCode.default("SIS.0303"),
    message: text.optional(),
    /** When the service disconnects; null: it never does. */
    disconnect_after_ms: ms.nullable().default(0),
  }),
  z.strictObject({
    kind: z.literal("unasked-end"),
    reason: z.string().max(40).default("NORMAL"),
    /** What becomes of the results of what was said until then: they are dropped, or come before or after the END. */
    results: z.enum(["dropped", "before", "after"]).default("dropped"),
  }),
  z.strictObject({ kind: z.literal("start-twice") }),
  z.strictObject({ kind: z.literal("result-without-result") }),
  z.strictObject({ kind: z.literal("late-result") }),
  z.strictObject({ kind: z.literal("exceeded-audio") }),
  z.strictObject({ kind: z.literal("limits-reached") }),
  // Replies that are none
  z.strictObject({ kind: z.literal("garbage"), text: text.default('{"resp_type":"RESULT","segm') }),
  z.strictObject({ kind: z.literal("unknown-type"), resp_type: text.default("SURPRISE") }),
  z.strictObject({ kind: z.literal("binary"), bytes: z.int().min(1).max(16_777_216).default(640) }),
  z.strictObject({ kind: z.literal("oversized"), bytes: z.int().min(1024).max(16_777_216).default(4_194_304) }),
  // What the network does
  z.strictObject({ kind: z.literal("close"), code: closeCode.default(1011), reason: z.string().max(40).default("") }),
  z.strictObject({ kind: z.literal("reset") }),
  z.strictObject({ kind: z.literal("half-open"), for_ms: ms.default(600_000) }),
  z.strictObject({ kind: z.literal("slow-reader"), for_ms: ms.default(5000) }),
  z.strictObject({ kind: z.literal("stall"), for_ms: ms.default(5000) }),
  // What happens to new connections
  z.strictObject({ kind: z.literal("accept-then-close"), code: closeCode.default(1006), ...repeat }),
  z.strictObject({
    kind: z.literal("refuse"),
    status: z.int().min(400).max(599).default(503),
    code: serviceCode.optional(),
    message: text.optional(),
    /** Seconds, as the header says it. */
    retry_after: z.int().min(0).max(86_400).optional(),
    /** rasr: the upgrade. iam: the request for a token. */
    where: z.enum(["rasr", "iam"]).default("rasr"),
    ...repeat,
  }),
  z.strictObject({ kind: z.literal("refuse-connections"), for_ms: ms.default(5000) }),
  z.strictObject({ kind: z.literal("expire-tokens") }),
  z.strictObject({
    kind: z.literal("clock-off"),
    /** How far the service's clock is ahead of this machine's from now on; negative: behind. */
    offset_ms: z.int().min(-86_400_000).max(86_400_000).default(1_200_000),
  }),
] as const;

const faultSchema = z.discriminatedUnion("kind", kinds);

/** One of these; absent: at once. */
const count = z.int().min(1).max(1_000_000_000);
const atSchema = z.union([
  z.strictObject({ audio_ms: z.int().min(0).max(1_000_000_000_000) }),
  z.strictObject({ wall_ms: ms }),
  z.strictObject({ session: count }),
  z.strictObject({ connection: count }),
  z.strictObject({ spoken_ms: z.int().min(0).max(1_000_000_000_000) }),
]);

/** A name alone stands for the fault with its defaults. */
const shorthand = (value: unknown) => (typeof value === "string" ? { kind: value } : value);

const plannedSchema = z.strictObject({
  at: atSchema.optional(),
  /** Strikes connections of this service only; absent: whichever. */
  service: z.enum(["rasr", "rtts"]).optional(),
  fault: z.preprocess(shorthand, faultSchema),
});

/** A fault, with its defaults filled in. */
export type SimulatedFault = z.output<typeof faultSchema>;
export type FaultKind = SimulatedFault["kind"];
/** When a fault becomes due. */
export type FaultMoment = z.output<typeof atSchema>;
/** A fault and its moment, as one writes it; checked by `parseFaults`. */
export interface FaultEntry {
  /** Absent: at once. */
  readonly at?: FaultMoment | undefined;
  readonly service?: "rasr" | "rtts" | undefined;
  readonly fault: z.input<typeof faultSchema> | FaultKind;
}
/** A fault and its moment, checked. */
export type PlannedFault = z.output<typeof plannedSchema>;

/** Every kind of fault, in the order of the documentation. */
export const faultKinds: readonly FaultKind[] = kinds.map((kind) => kind.shape.kind.value);

/** How often a fault strikes, or for how long from its moment on. */
export function repeatOf(fault: SimulatedFault): { readonly times: number } | { readonly forMs: number } {
  if (fault.kind !== "error-on-start" && fault.kind !== "accept-then-close" && fault.kind !== "refuse")
    return { times: 1 };
  return fault.for_ms === undefined ? { times: fault.times ?? 1 } : { forMs: fault.for_ms };
}

/** More entries at once are refused. */
const greatestPlan = 10_000;

/**
 * Checks what a fault file or a control request holds: one entry, or a list of them.
 *
 * @throws {Fault} config-invalid, naming the entry and what is allowed there
 */
export function parseFaults(value: unknown): PlannedFault[] {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (entries.length > greatestPlan) {
    throw new Fault("config-invalid", `${entries.length} faults are too many: ${greatestPlan} at most`);
  }
  return entries.map((entry, index) => {
    const parsed = plannedSchema.safeParse(entry);
    if (parsed.success) {
      if (
        "times" in parsed.data.fault &&
        parsed.data.fault.times !== undefined &&
        parsed.data.fault.for_ms !== undefined
      ) {
        throw new Fault("config-invalid", `faults[${index}].fault: give times or for_ms, not both`);
      }
      return parsed.data;
    }
    throw new Fault("config-invalid", `faults[${index}]${describe(parsed.error.issues[0], entry)}`);
  });
}

const shape = `an entry is {"at": …, "fault": …}. at, absent for at once, is one of {"audio_ms": N}, {"wall_ms": N}, {"session": N}, {"connection": N}, {"spoken_ms": N}; "service", absent for any, is rasr or rtts; fault is a kind, or {"kind": …} with its fields. Kinds are ${faultKinds.join(", ")}`;

function describe(issue: z.core.$ZodIssue | undefined, entry: unknown): string {
  if (issue === undefined) return ": not a fault";
  const path = issue.path.map((key) => `.${printable(String(key), 40)}`).join("");
  if (path === "" && issue.code !== "unrecognized_keys") return `: ${shape}`;
  if (isObject(entry) && !("fault" in entry)) return `.fault: missing; ${shape}`;
  if (path === ".fault" && issue.code !== "unrecognized_keys") return `.fault: ${shape}`;
  if (path === ".fault.kind") return `.fault.kind: allowed are ${faultKinds.join(", ")}`;
  if (path === ".at")
    return `.at: exactly one of audio_ms, wall_ms, session, connection, spoken_ms, a number ${foundAt(entry)}`;
  if (issue.code === "unrecognized_keys") {
    return `${path}: ${issue.keys.map((key) => printable(key, 40)).join(", ")} is not known; allowed are ${allowedKeys(path, entry)}`;
  }
  return `${path}: ${printable(issue.message)}`;
}

function foundAt(entry: unknown): string {
  const at = isObject(entry) ? entry["at"] : undefined;
  return `(found ${printable(JSON.stringify(at) ?? "nothing", 80)})`;
}

function allowedKeys(path: string, entry: unknown): string {
  if (path !== ".fault" || !isObject(entry) || !isObject(entry["fault"])) return "at, service, fault";
  const kind = entry["fault"]["kind"];
  const schema = kinds.find((candidate) => candidate.shape.kind.value === kind);
  return Object.keys(schema?.shape ?? { kind: null }).join(", ");
}
