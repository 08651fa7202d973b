import { Fault } from "../base/fault.ts";
import { describeFormat, type Encoding, frameBytes, type PcmFormat, sampleBytes } from "./pcm.ts";

/** Where the reader is in the file; `left` counts bytes. */
type Place =
  | { readonly at: "riff" } // "RIFF", size, "WAVE"
  | { readonly at: "chunk" } // a chunk's name and size
  | { readonly at: "fmt "; readonly size: number }
  | { readonly at: "ds64"; readonly size: number }
  | { readonly at: "skipping"; readonly left: number }
  | { readonly at: "sound"; readonly left: number };

/** The longest piece of a header that is looked at: a `fmt ` chunk of WAVE_FORMAT_EXTENSIBLE. */
const longestPiece = 40;
/** RF64 has the size elsewhere; others leave this where they do not know it. */
const sizeElsewhere = 0xffff_ffff;
/**
 * What streaming writers leave where they do not know the size, and then go on writing: 0, or something near a limit of 32 bits
 * (SoX and espeak-ng 0x7ffff000, arecord 0x80000000).
 */
const unknownFrom = 0x7fff_f000;
/** The GUID of WAVE_FORMAT_EXTENSIBLE is the format tag followed by this. */
const guidTail = "000000001000800000aa00389b71";
const mend = "convert it, for example: sox IN -e signed-integer -b 16 OUT.wav";

/**
 * Finds the sound in a RIFF/WAVE (or RF64) byte stream. No I/O; holds at most a header's piece.
 * A file that breaks off, or whose writer never learned the length, gives the sound that is there.
 */
export class WavReader {
  #place: Place = { at: "riff" };
  #piece = new Uint8Array(0);
  #format: PcmFormat | null = null;
  /** The size of the sound as RF64 gives it: the 32 bits of the data chunk are too few. */
  #longSize = Number.POSITIVE_INFINITY;

  /** Known before the first sound is. */
  get format(): PcmFormat | null {
    return this.#format;
  }

  /**
   * The sound among the next bytes: a part of `bytes`, not a copy; often empty before the sound, always after it.
   * @throws {Fault} `source-unusable`: not WAV, or not a kind that can be played
   */
  push(bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    while (rest.length > 0 && this.#place.at !== "sound") {
      rest = this.#place.at === "skipping" ? this.#skip(rest, this.#place.left) : this.#gather(rest, this.#place);
    }
    if (this.#place.at !== "sound") return rest;
    const sound = rest.subarray(0, this.#place.left);
    this.#place = { at: "sound", left: this.#place.left - sound.length };
    return sound;
  }

  /** Bytes of sound that the header promises and that have not come. */
  get missingBytes(): number {
    return this.#place.at === "sound" && Number.isFinite(this.#place.left) ? this.#place.left : 0;
  }

  /** There are no more bytes. @throws {Fault} `source-unusable` where the sound has not even begun */
  end(): void {
    if (this.#place.at === "riff") throw notWav();
    if (this.#place.at !== "sound") throw unusable("it breaks off before its sound begins");
  }

  #skip(bytes: Uint8Array, left: number): Uint8Array {
    const skipped = Math.min(left, bytes.length);
    this.#place = skipped === left ? { at: "chunk" } : { at: "skipping", left: left - skipped };
    return bytes.subarray(skipped);
  }

  #gather(bytes: Uint8Array, place: Exclude<Place, { at: "skipping" | "sound" }>): Uint8Array {
    const wanted = pieceLength(place);
    const missing = wanted - this.#piece.length;
    this.#piece = concat(this.#piece, bytes.subarray(0, missing));
    if (this.#piece.length === wanted) {
      const piece = this.#piece;
      this.#piece = new Uint8Array(0);
      this.#place = this.#read(place, piece);
    }
    return bytes.subarray(missing);
  }

  #read(place: Exclude<Place, { at: "skipping" | "sound" }>, piece: Uint8Array): Place {
    const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
    switch (place.at) {
      case "riff":
        if (!["RIFF", "RF64", "BW64"].includes(text(piece, 0)) || text(piece, 8) !== "WAVE") throw notWav();
        return { at: "chunk" };
      case "chunk":
        return this.#enter(text(piece, 0), view.getUint32(4, true));
      case "fmt ":
        this.#format = readFormat(view);
        return skipRest(place.size, piece.length);
      case "ds64":
        this.#longSize = Number(view.getBigUint64(8, true));
        return skipRest(place.size, piece.length);
    }
  }

  #enter(name: string, size: number): Place {
    if (name === "fmt " && size >= 16) return { at: "fmt ", size };
    if (name === "ds64" && size >= 16) return { at: "ds64", size };
    if (name !== "data") return skipRest(size, 0);
    if (this.#format === null) throw unusable("its sound begins before its format is told");
    if (size === sizeElsewhere) return { at: "sound", left: this.#longSize };
    return { at: "sound", left: size === 0 || size >= unknownFrom ? Number.POSITIVE_INFINITY : size };
  }
}

function pieceLength(place: Exclude<Place, { at: "skipping" | "sound" }>): number {
  if (place.at === "riff") return 12;
  return place.at === "chunk" ? 8 : Math.min(place.size, longestPiece);
}

/** What of a chunk is not looked at; chunks are padded to an even length. */
function skipRest(size: number, seen: number): Place {
  const left = size + (size % 2) - seen;
  return left === 0 ? { at: "chunk" } : { at: "skipping", left };
}

function readFormat(view: DataView): PcmFormat {
  const tag = view.getUint16(0, true);
  const channels = view.getUint16(2, true);
  const sampleRate = view.getUint32(4, true);
  const bits = view.getUint16(14, true);
  const kind = tag === 0xfffe ? extendedKind(view) : tag;
  const encoding = encodingOf(kind, bits);
  if (encoding === null)
    throw unusable(`it holds a kind of sound that is not supported (format ${kind}, ${bits} bits)`);
  const format = { encoding, channels, sampleRate };
  if (channels < 1 || channels > 64 || sampleRate < 1000 || sampleRate > 384_000) {
    throw unusable(`${describeFormat(format)} is not supported`);
  }
  if (view.getUint16(12, true) !== frameBytes(format)) throw unusable("its header contradicts itself");
  return format;
}

function extendedKind(view: DataView): number {
  const tail = view.byteLength < 40 ? "" : Buffer.from(view.buffer, view.byteOffset + 26, 14).toString("hex");
  return tail === guidTail ? view.getUint16(24, true) : 0xfffe;
}

function encodingOf(kind: number, bits: number): Encoding | null {
  if (kind === 3) return bits === 32 ? "f32" : null;
  if (kind === 6) return bits === 8 ? "alaw" : null;
  if (kind === 7) return bits === 8 ? "mulaw" : null;
  // Odd widths (12, 20 bits) fill their bytes from the top: the bytes can be read as they are.
  return kind === 1 ? (([null, "u8", "s16", "s24", "s32"] as const)[Math.ceil(bits / 8)] ?? null) : null;
}

/**
 * The header of a WAV file of `dataBytes` bytes of sound, 44 bytes long.
 * @param dataBytes below 4 GiB; `"unknown"` for a stream
 */
export function wavHeader(format: PcmFormat, dataBytes: number | "unknown"): Uint8Array {
  const kinds: Readonly<Record<Encoding, number>> = { u8: 1, s16: 1, s24: 1, s32: 1, f32: 3, alaw: 6, mulaw: 7 };
  const header = Buffer.alloc(44);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(dataBytes === "unknown" ? sizeElsewhere : 36 + dataBytes + (dataBytes % 2), 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(kinds[format.encoding], 20);
  header.writeUInt16LE(format.channels, 22);
  header.writeUInt32LE(format.sampleRate, 24);
  header.writeUInt32LE(format.sampleRate * frameBytes(format), 28);
  header.writeUInt16LE(frameBytes(format), 32);
  header.writeUInt16LE(8 * sampleBytes(format.encoding), 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(dataBytes === "unknown" ? sizeElsewhere : dataBytes, 40);
  return header;
}

function text(bytes: Uint8Array, from: number): string {
  return String.fromCharCode(...bytes.subarray(from, from + 4));
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function notWav(): Fault {
  return unusable("it is not a WAV file");
}

function unusable(message: string): Fault {
  return new Fault("source-unusable", message, { hint: mend });
}
