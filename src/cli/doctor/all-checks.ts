import { brokerCheck } from "./broker.ts";
import { clockCheck } from "./clock.ts";
import { diskCheck } from "./disk.ts";
import type { Check } from "./examine.ts";
import { microphoneCheck } from "./microphone.ts";
import { dnsCheck, tlsCheck } from "./network.ts";
import { panelCheck } from "./panel.ts";
import { credentialsCheck, sessionCheck } from "./service.ts";
import { unitCheck } from "./unit.ts";

/** Everything that is looked at, in the order in which it is told; what is in one lane builds on what comes before it. */
export const allChecks: readonly (readonly Check[])[] = [
  [clockCheck],
  [diskCheck],
  [microphoneCheck],
  [dnsCheck, tlsCheck, credentialsCheck, sessionCheck],
  [brokerCheck],
  [panelCheck],
  [unitCheck],
];

/** All is over by then: half a minute, less what the start and the end of the program take. */
export const totalMs = 26_000;
