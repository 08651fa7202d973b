/** The sound that is streamed: 16 kHz PCM in frames of 100 ms, each with its number in its first two samples. */
const sampleRate = 16_000;
export const frameMs = 100;
export const frameBytes = (2 * sampleRate * frameMs) / 1000;

/** Noise of about −30 dBFS: no value is special to anyone. */
const noise = Int16Array.from(
  { length: frameBytes / 2 },
  (_, n) => ((Math.imul(n + 1, 2_654_435_761) >>> 16) % 2048) - 1024,
);

export function frame(number: number): Buffer {
  const bytes = Buffer.from(noise.slice().buffer);
  bytes.writeUInt32LE(number, 0);
  return bytes;
}

/** The number of a frame that has arrived; null where it is none. */
export function numberOf(bytes: Uint8Array): number | null {
  if (bytes.length !== frameBytes) return null;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

/** The machine's monotonic clock, the same in all processes, ms. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
