/** `sis-agent/simulator`: the service on this machine, for tests of any client. docs/simulator.md says what it does. */
export { type Accounts, testAccounts } from "../simulator/accounts.ts";
export type { FaultRecord } from "../simulator/fault-plan.ts";
export type { FaultEntry } from "../simulator/faults.ts";
export type { AuthMode } from "../simulator/gateway.ts";
export type { SimulatorState } from "../simulator/ledger.ts";
export {
  accountNumbers,
  type NumberAccount,
  type NumberShape,
  numberSamples,
  numberSound,
  numbersWithin,
  plainNumbers,
} from "../simulator/numbers.ts";
export { realLimits, type Simulator, type SimulatorLimits, type SimulatorOptions } from "../simulator/options.ts";
export { startSimulator } from "../simulator/simulator.ts";
