import type { Clock } from "../../base/clock.ts";
import { toFault } from "../../base/fault.ts";
import { type CheckResult, type Finding, fail, failed, skip } from "./finding.ts";
import type { Patient } from "./patient.ts";

/** One thing to look at. */
export interface Check {
  readonly name: string;
  readonly deadlineMs: number;
  /** What to do where there is no answer in time. */
  readonly mendIfLate: string;
  /** Lets go of everything when `signal` aborts. May throw: that is a finding, too. */
  readonly look: (patient: Patient, signal: AbortSignal) => Promise<Finding>;
}

/**
 * Looks at everything, one lane beside the other. In a lane, each check builds on the one before: where that fails, the
 * rest is skipped. No check holds up the others, nor the end: each has its deadline, and all together have one.
 * @param tell is told the results, in the order of the lanes, as soon as that allows
 * @param totalMs all is over by then, whatever hangs
 */
export async function examine(
  lanes: readonly (readonly Check[])[],
  patient: Patient,
  tell: (result: CheckResult) => void,
  totalMs: number,
): Promise<void> {
  const total = new AbortController();
  using _deadline = patient.clock.after(totalMs, () => total.abort());
  const examined = lanes.map((lane) => runLane(lane, patient, total.signal));
  for (const lane of examined) {
    for (const pending of lane) tell(await pending);
  }
}

function runLane(lane: readonly Check[], patient: Patient, signal: AbortSignal): Promise<CheckResult>[] {
  let before: Promise<CheckResult> | null = null;
  return lane.map((check) => {
    const result: Promise<CheckResult> = runAfter(before, check, patient, signal);
    before = result;
    return result;
  });
}

async function runAfter(
  before: Promise<CheckResult> | null,
  check: Check,
  patient: Patient,
  signal: AbortSignal,
): Promise<CheckResult> {
  const previous = await before;
  const broken =
    previous?.status === "fail" || (previous?.status === "skip" && previous.says.startsWith("not looked at"));
  if (previous !== null && broken) {
    return { check: check.name, ...skip(`not looked at: ${previous.check} comes first`) };
  }
  return { check: check.name, ...(await inTime(check, patient, signal)) };
}

async function inTime(check: Check, patient: Patient, total: AbortSignal): Promise<Finding> {
  const late = new AbortController();
  using _deadline = patient.clock.after(check.deadlineMs, () => late.abort());
  const signal = AbortSignal.any([total, late.signal]);
  const startMs = patient.clock.monotonicMs();
  const gaveUp = new Promise<Finding>((resolve) => {
    const giveUp = () => resolve(overdue(check, patient.clock, startMs));
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
  const looked = check.look(patient, signal).catch((error: unknown) => failed(toFault(error)));
  return await Promise.race([gaveUp, looked]);
}

function overdue(check: Check, clock: Clock, startMs: number): Finding {
  return fail(`no answer within ${Math.round((clock.monotonicMs() - startMs) / 1000)} s`, check.mendIfLate);
}
