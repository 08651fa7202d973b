/** What is wrong with what a broker sends. */
export type Misconduct = "not-mqtt" | "too-large";

/** A message that was thrown away as it came. */
export interface CutMessage {
  readonly topic: string;
  /** The broker keeps it. */
  readonly retain: boolean;
}

export interface PacketLimits {
  /** Of the bytes after a packet's header. */
  readonly packetBytes: number;
  /**
   * Of those of a message: one between the two limits is cut. No more than `packetBytes`: none is. Only for MQTT 3.1.1,
   * whose broker cannot be told how much is taken, and gives a message that was not acknowledged again and again.
   */
  readonly messageBytes: number;
}

/** The bytes to go on with, and the messages that were cut out of them, in order. */
export interface Guarded {
  readonly bytes: Uint8Array;
  readonly cut: readonly CutMessage[];
}

type State =
  /** A packet's first byte is next, or it was; the first packet must be a CONNACK. */
  | { readonly phase: "header"; readonly held: Uint8Array; readonly first: boolean }
  | { readonly phase: "body"; readonly left: number }
  | { readonly phase: "cutting"; readonly flags: number; readonly left: number; readonly head: Head };

/** The beginning of a message that is being cut: topic and packet id are in it. */
interface Head {
  readonly bytes: Buffer;
  readonly filled: number;
}

const connack = 0x20;
const publish = 0x30;
/** A topic of any length, with its length and the packet id. */
const longestHeadBytes = 2 + 65_535 + 2;

/**
 * Watches the bytes from a broker: the first packet must be a CONNACK, and none may announce more than `packetBytes`.
 * The MQTT library would collect any packet, up to 256 MB, before it looks at it. Call with each chunk, in order.
 *
 * Of a message that is cut, the same is left without topic and payload: it is acknowledged as any other is, and as MQTT
 * knows no message without a topic, it is one that was cut.
 */
export function watchPackets(limits: PacketLimits): (chunk: Uint8Array) => Guarded | Misconduct {
  let state: State = { phase: "header", held: new Uint8Array(), first: true };

  return (chunk) => {
    const bytes = state.phase === "header" && state.held.length > 0 ? Buffer.concat([state.held, chunk]) : chunk;
    const passed: Uint8Array[] = [];
    const cut: CutMessage[] = [];
    let from = 0; // of what is passed on as it is
    let at = 0;
    while (at < bytes.length) {
      switch (state.phase) {
        case "header": {
          if (state.first && bytes[at] !== connack) return "not-mqtt";
          const header = readHeader(bytes, at);
          if (header === "too-large") return header;
          if (header === "incomplete") {
            passed.push(bytes.subarray(from, at));
            state = { ...state, held: new Uint8Array(bytes.subarray(at)) };
            from = at = bytes.length;
            break;
          }
          const { flags, length, end } = header;
          if (length <= limits.packetBytes) state = bodyOf(length);
          else if ((flags & 0xf0) !== publish || length > limits.messageBytes) return "too-large";
          else {
            passed.push(bytes.subarray(from, at));
            from = end;
            state = {
              phase: "cutting",
              flags,
              left: length,
              head: { bytes: Buffer.alloc(longestHeadBytes), filled: 0 },
            };
          }
          at = end;
          break;
        }
        case "body": {
          const end = Math.min(bytes.length, at + state.left);
          state = bodyOf(state.left - (end - at));
          at = end;
          break;
        }
        case "cutting": {
          const end = Math.min(bytes.length, at + state.left);
          const head = longer(state.head, bytes.subarray(at, end));
          const { flags } = state;
          const left: number = state.left - (end - at);
          from = at = end;
          if (left > 0) {
            state = { phase: "cutting", flags, left, head };
            break;
          }
          const message = readHead(flags, head);
          if (message === null) return "too-large";
          passed.push(message.remains);
          cut.push(message);
          state = bodyOf(0);
        }
      }
    }
    passed.push(bytes.subarray(from));
    const [only, ...more] = passed;
    return { bytes: only !== undefined && more.length === 0 ? only : Buffer.concat(passed), cut };
  };
}

function bodyOf(left: number): State {
  return left > 0 ? { phase: "body", left } : { phase: "header", held: new Uint8Array(), first: false };
}

/** A packet's first byte and the length after it: up to four digits, base 128, the smallest first. */
function readHeader(
  bytes: Uint8Array,
  at: number,
): { readonly flags: number; readonly length: number; readonly end: number } | "incomplete" | "too-large" {
  let length = 0;
  for (let place = 0; place < 4; place += 1) {
    const digit = bytes[at + 1 + place];
    if (digit === undefined) return "incomplete";
    length += (digit & 0x7f) * 128 ** place;
    if (digit < 0x80) return { flags: bytes[at] ?? 0, length, end: at + 2 + place };
  }
  return "too-large";
}

function longer({ bytes, filled }: Head, more: Uint8Array): Head {
  const taken = more.subarray(0, bytes.length - filled);
  bytes.set(taken, filled);
  return { bytes, filled: filled + taken.length };
}

/** The message of a PUBLISH, and what is left of its packet; null: it has no such head. */
function readHead(flags: number, { bytes, filled }: Head): (CutMessage & { readonly remains: Uint8Array }) | null {
  const topicEnd = 2 + bytes.readUInt16BE(0);
  const idBytes = (flags & 0b0110) === 0 ? 0 : 2; // QoS 0 has none
  if (topicEnd + idBytes > filled) return null;
  const id = bytes.subarray(topicEnd, topicEnd + idBytes);
  return {
    topic: bytes.toString("utf8", 2, topicEnd),
    retain: (flags & 1) === 1,
    remains: Uint8Array.of(flags, 2 + idBytes, 0, 0, ...id),
  };
}
