import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { diagnose } from "../../src/exports/diagnose.ts";
import { errorOfEnding, SisError, sessionFull, unaskedEnd } from "../../src/exports/sis-error.ts";
import { knownFaults } from "../../src/fleet/known-faults.ts";
import { catalogue, diagnoseFault, diagnoseRefusal, diagnose as diagnoseReply } from "../../src/sis/catalogue.ts";

test("what a SisError says can be looked up again by its code", () => {
  const cause = Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
  const unreachable = errorOfEnding({
    how: "unreachable",
    retryAfterMs: null,
    fault: new Fault("link-unreachable", "m", { cause }),
  });
  for (const error of [unreachable, sessionFull(null), unaskedEnd("NORMAL", null)]) {
    assert.ok(error instanceof SisError);
    assert.deepEqual(diagnose(error.diagnosis.code), error.diagnosis);
  }
  for (const found of [
    ...catalogue,
    diagnoseReply("SIS.9999"),
    diagnoseRefusal(302, null),
    diagnoseRefusal(418, null),
    diagnoseRefusal(403, null, true),
    diagnoseFault(new Fault("link-dead", "m")),
    diagnoseFault(new Fault("token-refused", "m")),
    diagnoseFault(new Fault("token-unreachable", "m", { cause })),
  ])
    assert.deepEqual(diagnose(found.code), found);
});

test("the code of each alarm about the service is known, with the alarm's class", () => {
  const ofService = ["service", "credentials", "account", "throttled", "config"];
  for (const { code, alarm, class: alarmClass, hint } of Object.values(knownFaults)) {
    if (!ofService.includes(alarm) || !/^(?:SIS|APIGW|HTTP|PROXY|NET|IAM)\.|^(?:link|token)-/.test(code)) continue;
    const found = diagnose(code);
    assert.deepEqual([found.known || code === "HTTP.302", found.class], [true, alarmClass], `${code}: ${hint}`);
  }
});

test("a code that has the form of another kind is not taken for one", () => {
  for (const code of ["IAM.0101", "NET.", "HTTP.5", "PROXY.x", "toString"])
    assert.deepEqual([diagnose(code).known, diagnose(code).class], [false, "service"], code);
});
