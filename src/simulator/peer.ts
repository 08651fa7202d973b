import type { SimulatedFault } from "./faults.ts";
import type { ConnectionRecord } from "./ledger.ts";

/** A client's connection, for recognition or synthesis, as the simulator deals with it. */
export interface Peer {
  readonly service: "rasr" | "rtts";
  readonly record: ConnectionRecord;
  /** Whether a fault can strike here. */
  readonly isOpen: boolean;
  /** Whether faults of recognition's sessions can. */
  readonly hasSession: boolean;
  /** Lets a fault strike here. */
  suffer(fault: SimulatedFault): void;
  /** Ends without a closing handshake. */
  destroy(): void;
}
