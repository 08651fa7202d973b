import { crc16 } from "../base/crc16.ts";

// The line protocol's outer shape, the same both ways: `$BODY*CCCC` and a line feed. BODY is printable UTF-8 without `$`;
// CCCC is CRC-16/XMODEM of BODY's bytes in hexadecimal. Documented for makers of panels in docs/panel.md.

/** Bytes of a whole line, line feed included: as much as a panel must have room for. */
export const longestLine = 80;
/** What is around a body: `$`, `*`, four digits, the line feed. */
const frameBytes = 7;
export const longestBody = longestLine - frameBytes;

const dollar = 0x24;
const star = 0x2a;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** A body as it goes over the wire. What does not fit is cut off, at a character's boundary. */
export function encodeLine(body: string): Uint8Array {
  // oxlint-disable-next-line no-control-regex -- control characters are what is replaced here
  const clean = body.replace(/[\u0000-\u001f\u007f-\u009f$]/g, " ").toWellFormed();
  const bytes = Buffer.from(cutBytes(clean, longestBody), "utf8");
  const crc = crc16(bytes).toString(16).toUpperCase().padStart(4, "0");
  return Buffer.concat([Buffer.from("$"), bytes, Buffer.from(`*${crc}\n`)]);
}

/** The longest beginning of well-formed text that has at most `most` bytes in UTF-8. */
export function cutBytes(text: string, most: number): string {
  let bytes = 0;
  let cut = "";
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > most) break;
    cut += character;
  }
  return cut;
}

/**
 * Finds lines in a stream of bytes, however it is cut. Noise, and lines that noise has damaged, are passed over; so is
 * what has no end. Holds one line at most.
 */
export class LineReader {
  readonly #line = new Uint8Array(longestLine);
  /** Bytes of the line so far, without its `$`; null: waiting for one to begin. */
  #length: number | null = null;

  /** @returns the bodies of the lines that have ended in `bytes` and are whole */
  push(bytes: Uint8Array): string[] {
    const bodies: string[] = [];
    for (const byte of bytes) {
      const body = this.#take(byte);
      if (body !== null) bodies.push(body);
    }
    return bodies;
  }

  #take(byte: number): string | null {
    if (byte === dollar) {
      this.#length = 0;
      return null;
    }
    if (this.#length === null || byte === carriageReturn) return null;
    if (byte === lineFeed) {
      const body = bodyOf(this.#line.subarray(0, this.#length));
      this.#length = null;
      return body;
    }
    if (this.#length === longestLine - 2) {
      this.#length = null;
      return null;
    }
    this.#line[this.#length] = byte;
    this.#length += 1;
    return null;
  }
}

/** What is between `$` and the line feed, its checksum right; null: it is not. */
function bodyOf(line: Uint8Array): string | null {
  const end = line.length - 5;
  if (end < 1 || line[end] !== star) return null;
  const digits = Buffer.from(line.subarray(end + 1)).toString("latin1");
  if (!/^[0-9A-Fa-f]{4}$/.test(digits)) return null;
  const body = line.subarray(0, end);
  return Number.parseInt(digits, 16) === crc16(body) ? Buffer.from(body).toString("utf8") : null;
}
