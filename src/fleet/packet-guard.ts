/** What is wrong with what a broker sends. */
export type Misconduct = "not-mqtt" | "too-large";

const connack = 0x20;

/**
 * Watches the bytes from a broker: the first packet must be a CONNACK, and none may announce more than `limit` bytes.
 * The MQTT library would collect any packet, up to 256 MB, before it looks at it. Call with each chunk, in order.
 */
export function watchPackets(limit: number): (chunk: Uint8Array) => Misconduct | null {
  let first = true;
  let body = 0; // bytes of the present packet still to come
  let place = 0; // 0: a packet's first byte is next; else the weight of the next digit of its length, base 128

  return (chunk) => {
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (place === 0 && body > 0) {
        const passed = Math.min(body, chunk.length - at);
        body -= passed;
        at += passed - 1;
      } else if (place === 0) {
        if (first && byte !== connack) return "not-mqtt";
        first = false;
        place = 1;
      } else {
        body += (byte & 0x7f) * place;
        place = byte < 0x80 ? 0 : place * 128;
        if (body > limit || place > 128 ** 3) return "too-large";
      }
    }
    return null;
  };
}
