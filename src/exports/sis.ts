/** `sis-agent/sis`: a client of Huawei Cloud SIS, and what its errors mean. docs/api.md shows how it is used. */
export { type Clock, systemClock } from "../base/clock.ts";
export { Fault, type FaultCode } from "../base/fault.ts";
export type { Random } from "../base/random.ts";
export {
  type Action,
  catalogue,
  type Diagnosis,
  diagnoseFault,
  diagnoseRefusal,
  diagnoseStatus,
  type ErrorClass,
} from "../sis/catalogue.ts";
export { akskCredentials, type Credentials, passwordCredentials, tokenCredentials } from "../sis/credentials.ts";
export type { Segment } from "../sis/reply.ts";
export { type AudioFormat, audioFormats, limits, type Mode, type RasrConfig } from "../sis/request.ts";
export { diagnose } from "./diagnose.ts";
export { type RecogniseOptions, recognise } from "./recognise.ts";
export { SisError } from "./sis-error.ts";
